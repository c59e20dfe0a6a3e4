/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.EtcdTest;
import io.etcd.jetcd.Client;
import org.junit.jupiter.api.Test;

/** A test of what only a real cluster does. */
@EtcdTest(server = EtcdTest.Server.PROCESS, members = 3)
class MemberKilledIT {
    @Test
    void lock_leaderKilled_canBeTaken(EtcdProcess etcd, Client client) throws InterruptedException {
        int leader = etcd.leader();
        try (Connection connection = Connection.of(client);
                Session session = Session.builder(connection).open()) {
            etcd.member(leader).kill();
            try (Grant grant = Mutex.create(session, "orders/reindex").acquire()) {
                assertThat(grant.isHeld()).isTrue();
            }
        }
        etcd.member(leader).restart();
    }
}
