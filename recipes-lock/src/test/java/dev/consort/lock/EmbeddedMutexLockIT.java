/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.EmbeddedEtcd;
import io.etcd.jetcd.Client;
import org.junit.jupiter.api.AfterAll;

/** The mutex as a lock on the embedded server. */
class EmbeddedMutexLockIT extends MutexLockContract {
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Party party = Party.join(etcd);
    private static final Client client =
            Client.builder().endpoints(etcd.endpoint()).build();

    @AfterAll
    static void leave() {
        client.close();
        party.close();
        etcd.close();
    }

    @Override
    Party party() {
        return party;
    }

    @Override
    Party join() {
        return Party.join(etcd);
    }

    @Override
    EtcdLook look() {
        return new EtcdLook(client);
    }
}
