/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a grant is lost, or its key stays, when it comes together with the end of the wait for it. */
class F21_GrantRacesIT {
    private static final int TRIALS = 150;

    private final Party holding = Party.join();
    private final Party waiting = Party.join();
    private final OtherThread other = new OtherThread();
    private final String name = Etcd.freshName();
    private final Mutex mutex = waiting.mutex(name);
    private final Random random = new Random(21);
    private final AtomicInteger grants = new AtomicInteger();

    @AfterEach
    void leave() {
        other.close();
        waiting.close();
        holding.close();
    }

    /** A wait that ends early, or with a grant. */
    @FunctionalInterface
    private interface Wait {
        Optional<Grant> end(long nanos) throws Exception;
    }

    /**
     * Lets a wait end at about the time at which its grant comes, sometimes before and sometimes after; in a third of the
     * trials the grant comes from within the process.
     */
    private void race(Wait wait) throws Exception {
        long around = 500_000;
        for (int i = 0; i < TRIALS; i++) {
            Mutex before = i % 3 == 0 ? mutex : holding.mutex(name);
            Grant holder = before.tryAcquire(Duration.ofSeconds(10)).orElseThrow(() -> new AssertionError("was lost"));
            long end = (long) (around * 2 * random.nextDouble());
            long release = (long) (around * 2 * random.nextDouble());
            var ended = other.start(() -> wait.end(end));
            LockSupport.parkNanos(release);
            long releasing = System.nanoTime();
            assertThat(holder.release()).isTrue();
            Optional<Grant> granted = OtherThread.result(ended);
            // Grants take as long as a release does: end the waits around that time.
            around = (9 * around + Math.min(5_000_000, System.nanoTime() - releasing)) / 10 + 10_000;
            granted.ifPresent(grant -> {
                grants.incrementAndGet();
                assertThat(grant.release()).isTrue();
            });
        }
        Etcd.awaitClaims(name, 0);
        // The claim of a wait that was interrupted may still be on its way there, and back.
        assertThat(holding.mutex(name).tryAcquire(Duration.ofSeconds(10))).isPresent();
        assertThat(grants.get())
                .as("trials in which the grant came first")
                .isStrictlyBetween(TRIALS / 20, TRIALS - TRIALS / 20);
    }

    @Test
    void grant_racingTimeout_isReturnedOrGivenBack() throws Exception {
        race(nanos -> mutex.tryAcquire(Duration.ofNanos(nanos)));
    }

    @Test
    void grant_racingInterrupt_isReturnedOrGivenBack() throws Exception {
        race(nanos -> {
            Thread waiter = Thread.currentThread();
            CompletableFuture<Boolean> interrupted = CompletableFuture.supplyAsync(() -> {
                LockSupport.parkNanos(nanos);
                waiter.interrupt();
                return true;
            });
            try {
                return Optional.of(mutex.acquire());
            } catch (InterruptedException e) {
                return Optional.empty();
            } finally {
                interrupted.join();
                var unused = Thread.interrupted();
            }
        });
    }

    @Test
    void grant_racingCancel_isReturnedOrGivenBack() throws Exception {
        race(nanos -> {
            CompletableFuture<Grant> acquiring = mutex.acquireAsync();
            LockSupport.parkNanos(nanos);
            acquiring.cancel(false);
            return outcome(acquiring);
        });
    }

    @Test
    void grant_racingSomebodyElsesTimeout_isReturnedOrGivenBack() throws Exception {
        race(nanos -> outcome(mutex.acquireAsync().orTimeout(nanos, TimeUnit.NANOSECONDS)));
    }

    private static Optional<Grant> outcome(CompletableFuture<Grant> acquiring) {
        try {
            return Optional.of(acquiring.join());
        } catch (CancellationException e) {
            return Optional.empty();
        } catch (CompletionException e) {
            assertThat(e).hasCauseInstanceOf(TimeoutException.class);
            return Optional.empty();
        }
    }
}
