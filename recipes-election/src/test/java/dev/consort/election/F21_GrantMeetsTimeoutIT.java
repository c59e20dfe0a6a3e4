/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.Staircase;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/** F21: a leadership is lost when the election and the candidate's timeout or cancellation meet. */
class F21_GrantMeetsTimeoutIT {
    private static final int ROUNDS = 150;
    private static final Executor THREAD = task -> {
        Thread thread = new Thread(task, "resigns");
        thread.setDaemon(true);
        thread.start();
    };

    private final String name = Peer.newName();

    @Test
    void timeout_asTheLeaderResigns_electedOrWithdrawnAndNeverBoth() throws Exception {
        Staircase timeout = Staircase.from(Duration.ofMillis(2), 21);
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            for (int round = 0; round < ROUNDS; round++) {
                Leadership leader = one.election(name)
                        .campaign("one", Duration.ofSeconds(10))
                        .orElseThrow();
                CompletableFuture<Void> resigned = CompletableFuture.runAsync(leader::close, THREAD);
                Optional<Leadership> second = two.election(name).campaign("two", timeout.next());
                now(resigned);
                timeout.cameLate(second.isPresent());
                if (second.isPresent()) {
                    assertThat(second.get().isHeld()).isTrue();
                    assertThat(second.get().resign()).isTrue();
                }
            }
            await().untilAsserted(() -> assertThat(one.claims(name)).isEmpty());
        }
        assertThat(timeout.late()).as("rounds in which it was elected").isPositive();
        assertThat(timeout.early()).as("rounds in which it was not").isPositive();
    }

    @Test
    void cancel_asTheLeaderResigns_electedOrWithdrawnAndNeverBoth() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            for (int round = 0; round < ROUNDS; round++) {
                Leadership leader = one.election(name)
                        .campaign("one", Duration.ofSeconds(10))
                        .orElseThrow();
                CompletableFuture<Leadership> second = two.election(name).campaignAsync("two");
                CompletableFuture<Void> resigned = CompletableFuture.runAsync(leader::close, THREAD);
                if (round % 3 != 0) {
                    now(resigned);
                }
                if (second.cancel(false)) {
                    assertThat(second).isCompletedExceptionally();
                } else {
                    close(second);
                }
                now(resigned);
            }
            await().untilAsserted(() -> assertThat(one.claims(name)).isEmpty());
        }
    }

    private static void close(CompletableFuture<Leadership> elected) {
        try {
            elected.join().close();
        } catch (CancellationException e) {
            throw new AssertionError("cancelled although cancel said no", e);
        }
    }
}
