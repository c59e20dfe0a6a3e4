/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.putOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderElection.Leader;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** F12: an election is resumed with a key outside its prefix, and has two leaders. */
class F12_KeysStayInsideThePrefixIT {
    private final String name = Peer.newName();

    @Test
    void campaignProclaimAndRetries_everyKey_isBelowTheNameAndASlash() throws Exception {
        try (Peer peer = Peer.join()) {
            for (int round = 0; round < 3; round++) {
                if (round > 0) {
                    peer.faults.loseNextReply(putOf(peer.key(name)));
                }
                try (Leadership leadership = peer.election(name).campaign("v" + round)) {
                    assertThat(leadership.proclaim("w" + round)).isTrue();
                    GetOption all = GetOption.builder().isPrefix(true).build();
                    List<KeyValue> keys = now(peer.client.getKVClient().get(Peer.bytes(name), all))
                            .getKvs();
                    assertThat(keys).extracting(kv -> kv.getKey().toString()).containsExactly(peer.key(name));
                }
            }
        }
    }

    /** The loop resumes with another session, and so with another key. */
    @Test
    void loop_resumesAfterALoss_everyKeyIsBelowTheNameAndASlash() throws Exception {
        LoopTask task = new LoopTask();
        try (Peer peer = Peer.join();
                SessionFactory sessions =
                        SessionFactory.of(Session.builder(peer.connection).ttl(Peer.LONG));
                LeaderLoop loop = LeaderElection.create(sessions, name)
                        .pause(Duration.ZERO)
                        .run(task)) {
            for (int round = 0; round < 3; round++) {
                Leadership leadership = task.awaitStart();
                assertThat(leadership.proclaim("round" + round)).isTrue();
                long lease = sessions.session().leaseId();
                GetOption all = GetOption.builder().isPrefix(true).build();
                List<KeyValue> keys = now(peer.client.getKVClient().get(Peer.bytes(name), all))
                        .getKvs();
                assertThat(keys)
                        .extracting(kv -> kv.getKey().toString())
                        .containsExactly(name + "/" + Long.toHexString(lease));
                assertThat(keys.get(0).getCreateRevision())
                        .isEqualTo(leadership.token().revision());
                peer.revoke(lease);
            }
            assertThat(loop.failures()).isZero();
        }
    }

    @Test
    void names_oneStartsWithTheOther_areTwoElections() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join();
                Leadership shorter = one.election(name).campaign("short");
                Leadership longer = two.election(name + "b").campaign("long")) {
            assertThat(shorter.isHeld()).isTrue();
            assertThat(longer.isHeld()).isTrue();
            assertThat(two.election(name).leader()).map(Leader::value).contains("short");
            assertThat(one.election(name + "b").leader()).map(Leader::value).contains("long");
        }
    }
}
