/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdServer;
import org.junit.jupiter.api.AfterAll;

/** Transactions on the embedded server. */
class EmbeddedStmIT extends StmContract {
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Party here = new Party(etcd);
    private static final Party there = new Party(etcd);

    @AfterAll
    static void leave() {
        there.close();
        here.close();
        etcd.close();
    }

    @Override
    Party here() {
        return here;
    }

    @Override
    Party there() {
        return there;
    }

    @Override
    EtcdServer server() {
        return etcd;
    }
}
