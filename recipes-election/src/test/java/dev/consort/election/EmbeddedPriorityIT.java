/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.testkit.EmbeddedEtcd;
import org.junit.jupiter.api.AfterAll;

/** Priorities on the embedded server. */
class EmbeddedPriorityIT extends PriorityContract {
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();

    @AfterAll
    static void stop() {
        etcd.close();
    }

    @Override
    Peer join() {
        return Peer.through(etcd.endpoint(), Peer.LONG);
    }
}
