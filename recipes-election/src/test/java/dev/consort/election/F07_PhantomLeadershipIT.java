/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.WatchResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F07: a campaign succeeds although its own key has vanished meanwhile. */
@Execution(ExecutionMode.CONCURRENT)
class F07_PhantomLeadershipIT {
    private final String name = Peer.newName();

    /** The candidate does not see its key vanish, only that the leader left. */
    @Test
    void ownKeyVanishedUnseen_leaderResigns_campaignFails() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            Leadership leadership = one.election(name).campaign("first");
            CompletableFuture<Leadership> campaign = two.election(name).campaignAsync("second");
            await().until(() -> one.claims(name).size() == 2);
            CallFault blind = two.faults
                    .every(CallMatcher.method("Watch/Watch")
                            .when(WatchResponse.class, message -> deletes(message, two.key(name))))
                    .dropMessages(Direction.TO_CLIENT);
            await().until(() -> two.log.counts().watchesOpen() >= 3);
            one.delete(two.key(name));
            now(blind.hit());
            assertThat(campaign).isNotDone();
            assertThat(leadership.resign()).isTrue();

            assertThat(campaign)
                    .failsWithin(Duration.ofSeconds(5))
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(RecipeException.class)
                    .withMessageContaining(two.key(name));
            assertThat(one.election(name).leader()).isEmpty();
        }
    }

    /** The key is another claim by then, of the same name. */
    @Test
    void ownKeyMadeAnewByAnother_leaderResigns_campaignFails() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            Leadership leadership = one.election(name).campaign("first");
            CompletableFuture<Leadership> campaign = two.election(name).campaignAsync("second");
            await().until(() -> one.claims(name).size() == 2);
            one.delete(two.key(name));
            one.put(two.key(name), "somebody's");
            assertThat(leadership.resign()).isTrue();
            assertThat(campaign)
                    .failsWithin(Duration.ofSeconds(5))
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(RecipeException.class);
            assertThat(one.get(two.key(name))).isEqualTo("somebody's");
        }
    }

    /** The watches of an election that was just decided are not open yet: they must not miss what came before. */
    @Test
    void ownKeyVanishesAtOnce_leader_isTold() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            for (int round = 0; round < 20; round++) {
                Leadership leadership = one.election(name).campaign("v" + round);
                two.delete(one.key(name));
                assertThat(leadership.lost().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(5));
                assertThat(leadership.isHeld()).isFalse();
            }
        }
    }

    private static boolean deletes(WatchResponse message, String key) {
        return message.getEventsList().stream()
                .anyMatch(event -> event.getType() == Event.EventType.DELETE
                        && event.getKv().getKey().toStringUtf8().equals(key));
    }
}
