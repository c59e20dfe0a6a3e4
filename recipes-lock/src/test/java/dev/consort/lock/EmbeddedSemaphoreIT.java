/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.EmbeddedEtcd;
import io.etcd.jetcd.Client;
import org.junit.jupiter.api.AfterAll;

/** The semaphore on the embedded server. */
class EmbeddedSemaphoreIT extends SemaphoreContract {
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Client client =
            Client.builder().endpoints(etcd.endpoint()).build();

    @AfterAll
    static void stop() {
        client.close();
        etcd.close();
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
