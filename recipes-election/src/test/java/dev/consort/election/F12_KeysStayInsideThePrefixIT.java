/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.putOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.election.LeaderElection.Leader;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.GetOption;
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
