/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.EmbeddedFaults;
import dev.consort.testkit.EtcdTest;
import dev.consort.testkit.RandomFaults;
import dev.consort.testkit.RandomFaults.Kind;
import io.etcd.jetcd.Client;
import org.junit.jupiter.api.Test;

/** The first test that a user of the test kit writes, and the next one. */
@EtcdTest
class ReindexTest {
    @Test
    void lock_isHeld(Client client) throws InterruptedException {
        try (Connection connection = Connection.of(client);
                Session session = Session.builder(connection).open();
                Grant grant = Mutex.create(session, "orders/reindex").acquire()) {
            assertThat(grant.isHeld()).isTrue();
        }
    }

    @Test
    void lock_isHeldAlthoughTheReplyIsLost(Client client, EmbeddedFaults faults) throws InterruptedException {
        try (Connection connection = Connection.of(client);
                Session session = Session.builder(connection).open()) {
            var lost = faults.loseNextReply(CallMatcher.method("KV/Txn"));
            try (Grant grant = Mutex.create(session, "orders/reindex").acquire()) {
                assertThat(grant.isHeld()).isTrue();
                assertThat(lost.hit()).isCompleted();
            }
        }
    }

    @Test
    void lock_isHeldWhateverBecomesOfCalls(Client client, EmbeddedFaults faults) throws InterruptedException {
        try (Connection connection = Connection.of(client);
                Session session = Session.builder(connection).open();
                RandomFaults random = faults.random()
                        .oneIn(4)
                        .with(Kind.LOSE_REQUEST, Kind.LOSE_REPLY)
                        .start()) {
            random.during(() -> {
                for (int i = 0; i < 20; i++) {
                    try (Grant grant = Mutex.create(session, "orders/reindex").acquire()) {
                        assertThat(grant.isHeld()).isTrue();
                    }
                }
            });
        }
    }
}
