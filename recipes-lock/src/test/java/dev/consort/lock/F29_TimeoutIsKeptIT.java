/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a timeout of zero waits, or a timeout is overrun by the period of some poll. */
@Isolated("measures close times")
class F29_TimeoutIsKeptIT {
    private static final int RUNS = 15;

    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();
    private final Mutex mutex = party.mutex(name);
    private final Lock lock = mutex.asLock();

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    @FunctionalInterface
    private interface Attempt {
        boolean succeeds() throws InterruptedException;
    }

    /** The median of failing attempts. */
    private static Duration usualTimeOf(Attempt attempt) {
        return Etcd.usualTimeOf(RUNS, () -> {
            long start = System.nanoTime();
            try {
                assertThat(attempt.succeeds()).isFalse();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return Etcd.since(start);
        });
    }

    /** Some requests to etcd, and no waiting. */
    @Test
    void zeroTimeout_heldByAnotherProcess_returnsAtOnce() throws InterruptedException {
        try (Grant grant = there.mutex(name).acquire()) {
            Duration soon = Duration.ofMillis(40);
            assertThat(usualTimeOf(() -> mutex.tryAcquire().isPresent())).isLessThan(soon);
            assertThat(usualTimeOf(() -> mutex.tryAcquire(Duration.ZERO).isPresent()))
                    .isLessThan(soon);
            assertThat(usualTimeOf(() -> lock.tryLock())).isLessThan(soon);
            assertThat(usualTimeOf(() -> lock.tryLock(0, TimeUnit.SECONDS))).isLessThan(soon);
            assertThat(usualTimeOf(() -> lock.tryLock(-1, TimeUnit.DAYS))).isLessThan(soon);
            assertThat(grant.isHeld()).isTrue();
        }
    }

    @Test
    void shortTimeout_heldByAnotherProcess_isNotOverrun() throws InterruptedException {
        try (Grant grant = there.mutex(name).acquire()) {
            for (int millis : new int[] {1, 20, 70}) {
                Duration timeout = Duration.ofMillis(millis);
                Duration late = timeout.plusMillis(40);
                assertThat(usualTimeOf(() -> mutex.tryAcquire(timeout).isPresent()))
                        .isBetween(timeout, late);
                assertThat(usualTimeOf(() -> lock.tryLock(millis, TimeUnit.MILLISECONDS)))
                        .isBetween(timeout, late);
            }
            assertThat(grant.isHeld()).isTrue();
        }
    }
}
