/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static dev.consort.testkit.Times.bestOfThree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.barrier.Barrier.Passage;
import dev.consort.barrier.DoubleBarrier.Stay;
import dev.consort.core.Grant;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.Times;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;

/**
 * Elsewhere everybody waits forever for a holder or member that has died (S28), and a waiter whose session is gone waits on
 * (F16). Here a process dies without a word: its lease runs out.
 */
class F34_HolderDiesIT {
    private static final Duration TTL = Duration.ofSeconds(2);
    private static final Duration AT_ONCE = Duration.ofSeconds(1);

    @Test
    void process_dies_nobodyWaitsBeyondItsTtl() throws Exception {
        bestOfThree(times -> {
            try (Party dying = Server.REAL.join(TTL)) {
                endAllWhenItDies(dying, times);
            }
        });
    }

    private static ThrowableAssertAlternative<ExecutionException> assertFails(
            CompletableFuture<?> future, Class<? extends Exception> cause) {
        return assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> future.get(10, TimeUnit.SECONDS))
                .withCauseInstanceOf(cause);
    }

    private void endAllWhenItDies(Party dying, Times times) throws Exception {
        String name = Server.freshName();
        try (Party here = Server.REAL.join()) {
            Grant hold = dying.barrier(name + "-b").tryHold().orElseThrow();
            CompletableFuture<Passage> barrier = here.barrier(name + "-b").awaitAsync();
            CompletableFuture<Integer> dead = dying.cyclic(name + "-c", 3).awaitAsync();
            CompletableFuture<Integer> cyclic = here.cyclic(name + "-c", 3).awaitAsync();
            CompletableFuture<Stay> entering = here.doubled(name + "-d", 2).enterAsync();
            Stay gone = dying.doubled(name + "-d", 2).enter();
            CompletableFuture<Void> leaving = entering.get(10, TimeUnit.SECONDS).leaveAsync();
            assertThat(dying.latch(name + "-l", 2).countDown("a")).isTrue();
            CompletableFuture<Boolean> runs = new CompletableFuture<>();
            CompletableFuture<Integer> other = here.cyclic(name + "-a", 2).awaitAsync();
            Server.REAL.awaitKeys(name + "-a", 2);
            CompletableFuture<Boolean> end = new CompletableFuture<>();
            CompletableFuture<Integer> running = DistributedCyclicBarrier.create(dying.session, name + "-a", 2, () -> {
                        runs.complete(true);
                        end.join();
                    })
                    .awaitAsync();
            runs.get(10, TimeUnit.SECONDS);
            Server.REAL.awaitKeys(name + "-c", 3);
            assertThat(barrier).isNotDone();

            times.atMost(TTL.plusSeconds(2), () -> {
                dying.session.orphan();
                times.atMost(AT_ONCE, () -> assertFails(dead, SessionLostException.class));
                assertThatExceptionOfType(SessionLostException.class).isThrownBy(gone::leave);
                assertThat(barrier.get(10, TimeUnit.SECONDS)).isEqualTo(Passage.HOLDER_LOST);
                times.atMost(AT_ONCE, () -> leaving.get(10, TimeUnit.SECONDS));
                for (CompletableFuture<Integer> each : List.of(cyclic, other)) {
                    times.atMost(
                            AT_ONCE,
                            () -> assertFails(each, BrokenBarrierException.class)
                                    .withMessageContaining("was lost"));
                }
            });
            end.complete(true);
            assertFails(running, SessionLostException.class);
            assertThat(hold.release()).isFalse();
            assertThat(here.latch(name + "-l", 2).count()).isEqualTo(1);
        }
    }
}
