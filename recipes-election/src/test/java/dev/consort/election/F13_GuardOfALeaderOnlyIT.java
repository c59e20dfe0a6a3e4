/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Guard;
import dev.consort.core.GuardedTxn;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** F13: a guard that is also true while its session only waits. */
class F13_GuardOfALeaderOnlyIT {
    private final String name = Peer.newName();
    private final String register = "registers/" + name;

    @Test
    void guardOfAnEarlierTerm_sessionWaitsAgain_refused() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            Leadership earlier = one.election(name).campaign("earlier");
            Guard guard = earlier.guard();
            GuardedTxn prepared = guard.txn().put(register, "prepared");
            CompletableFuture<Leadership> second = two.election(name).campaignAsync("second");
            await().until(() -> two.claims(name).size() == 2);
            assertThat(earlier.resign()).isTrue();
            Leadership leader = now(second);
            CompletableFuture<Leadership> again = one.election(name).campaignAsync("again");
            await().until(() -> two.claims(name).size() == 2);

            assertThat(prepared.commit()).isFalse();
            assertThat(guard.txn().put(register, "late").commit()).isFalse();
            leader.close();
            Leadership later = now(again);
            assertThat(guard.txn().put(register, "later").commit())
                    .as("of another term of the same session")
                    .isFalse();
            assertThat(two.get(register)).isEmpty();
            assertThat(later.guard().txn().put(register, "now").commit()).isTrue();
        }
    }
}
