/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.barrier.DoubleBarrier.Stay;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Staircase;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Elsewhere some members of a round pass while others time out of it, and a verdict is lost that comes together with the end of
 * the wait for it (F21).
 */
class F33_OneVerdictForARoundIT {
    private static final int TRIALS = 60;
    private static final Duration LONG = Duration.ofSeconds(20);

    private final Party here = Server.REAL.join();
    private final Party there = Server.REAL.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final Random random = new Random(33);
    private final Staircase end = Staircase.from(Duration.ofMillis(3), 33);

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
    }

    /** Lets the other one come while the wait has begun. */
    private void pause() {
        LockSupport.parkNanos(random.nextInt(2_000_000));
    }

    private void assertBothHappened() {
        assertThat(end.late()).as("rounds that were passed").isGreaterThanOrEqualTo(TRIALS / 20);
        assertThat(end.early()).as("rounds that were not").isGreaterThanOrEqualTo(TRIALS / 20);
    }

    @Test
    void cyclicBarrier_timeoutMeetsTheTrip_bothAreToldTheSame() throws Exception {
        DistributedCyclicBarrier mine = here.cyclic(name, 2);
        DistributedCyclicBarrier theirs = there.cyclic(name, 2);
        assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> mine.await(Duration.ofMillis(100)));
        for (int i = 0; i < TRIALS; i++) {
            theirs.reset();
            Duration timeout = end.next();
            Future<Integer> ending = threads.start(() -> mine.await(timeout));
            pause();
            CompletableFuture<Integer> other = theirs.awaitAsync();
            try {
                int index = ending.get(20, TimeUnit.SECONDS);
                end.cameLate(true);
                assertThat(other.get(20, TimeUnit.SECONDS)).as("trial %s", i).isEqualTo(1 - index);
            } catch (ExecutionException e) {
                // On a busy machine etcd may take longer than the 200 ms in which a verdict must be known.
                if (e.getCause() instanceof OutcomeUnknownException) {
                    other.cancel(false);
                } else {
                    end.cameLate(false);
                    assertThat(e).hasCauseInstanceOf(TimeoutException.class);
                    assertThatExceptionOfType(ExecutionException.class)
                            .as("trial %s", i)
                            .isThrownBy(() -> other.get(20, TimeUnit.SECONDS))
                            .withCauseInstanceOf(BrokenBarrierException.class);
                }
            }
        }
        assertBothHappened();
    }

    /** Others may wait for it, and it could not tell them: so it does not say that the barrier is broken. */
    @Test
    void cyclicBarrier_timeOverBeforeItCouldCome_isUnknown() throws Exception {
        CallFault held = here.faults.every(CallMatcher.method("KV/Range")).hold();
        DistributedCyclicBarrier mine = here.cyclic(name, 2);
        assertThatExceptionOfType(OutcomeUnknownException.class).isThrownBy(() -> mine.await(Duration.ofMillis(20)));
        assertThat(held.hit()).isDone();
        held.stop();
        held.release();
        CompletableFuture<Integer> again = mine.awaitAsync();
        assertThat(there.cyclic(name, 2).await(LONG) + again.get(20, TimeUnit.SECONDS))
                .as("both come")
                .isEqualTo(1);
    }

    private static Optional<Stay> entered(Future<Optional<Stay>> ending) throws Exception {
        try {
            return ending.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(OutcomeUnknownException.class);
            return Optional.empty();
        }
    }

    @Test
    void doubleBarrier_endOfTheWaitMeetsTheMark_bothAreToldTheSame() throws Exception {
        DoubleBarrier mine = here.doubled(name, 2);
        DoubleBarrier theirs = there.doubled(name, 2);
        assertThat(mine.enter(Duration.ofMillis(100))).isEmpty();
        for (int i = 0; i < TRIALS; i++) {
            Duration timeout = end.next();
            Future<Optional<Stay>> ending = threads.start(() -> mine.enter(timeout));
            pause();
            CompletableFuture<Stay> other = theirs.enterAsync();
            Optional<Stay> stay = entered(ending);
            if (stay.isPresent()) {
                end.cameLate(true);
                Stay second = other.get(20, TimeUnit.SECONDS);
                assertThat(second.round()).isEqualTo(stay.get().round());
                second.close();
                assertThat(stay.get().leave(LONG)).isTrue();
            } else {
                end.cameLate(false);
                other.cancel(false);
                assertThat(other).isCancelled();
                Server.REAL.awaitKeys(name, 1);
            }
        }
        assertBothHappened();
    }
}
