/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import dev.consort.core.internal.SharedEtcd;
import dev.consort.testkit.EtcdServer;
import org.junit.jupiter.api.AfterAll;

/** Transactions on a real etcd. */
class StmIT extends StmContract {
    private static final Party here = new Party(SharedEtcd.server());
    private static final Party there = new Party(SharedEtcd.server());

    @AfterAll
    static void leave() {
        there.close();
        here.close();
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
        return SharedEtcd.server();
    }
}
