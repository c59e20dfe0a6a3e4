/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/** A round counts what is done, and is void if anything fails. */
class RoundTest {
    private static final Duration NOTHING = Duration.ZERO;
    private static final Duration WINDOW = Duration.ofMillis(300);

    private static void takeTime(long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    /** Locks by what it is given, and takes its time. */
    private record Slow(Lock lock, int millis) implements Locker {
        @Override
        public void locked(Runnable critical) {
            lock.lock();
            try {
                critical.run();
                takeTime(millis);
                critical.run();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {}
    }

    @Test
    void run_locksInTurn_countsAllOfThem() throws InterruptedException {
        Lock lock = new ReentrantLock(true);
        LockContender contender = LockContender.onOneName(3, () -> new Slow(lock, 20));
        Sample sample = Round.run("fair", contender, NOTHING, WINDOW);
        assertThat(sample.rate()).isPositive().isLessThanOrEqualTo(50);
    }

    /** Fewer operations than fit into the window do not make the rate coarse. */
    @Test
    void run_slowOperations_isAsExactAsTheyAre() throws InterruptedException {
        LockContender contender = LockContender.ofThreads(1, new Slow(new ReentrantLock(), 70));
        Sample sample = Round.run("slow", contender, NOTHING, Duration.ofMillis(200));
        assertThat(sample.rate()).isPositive().isLessThanOrEqualTo(1000 / 70.0);
    }

    @Test
    void run_nothingEndsInTheWindow_goesOnUntilOneDoes() throws InterruptedException {
        LockContender contender = LockContender.ofThreads(1, new Slow(new ReentrantLock(), 400));
        Sample sample = Round.run("slower", contender, NOTHING, Duration.ofMillis(50));
        assertThat(sample.rate()).isPositive().isLessThanOrEqualTo(2.5);
    }

    /** Excludes nobody. */
    private static final class Careless implements Locker {
        @Override
        public void locked(Runnable critical) {
            critical.run();
            takeTime(1);
        }

        @Override
        public void close() {}
    }

    @Test
    void run_lockThatDoesNotExclude_fails() {
        LockContender contender = LockContender.ofThreads(4, new Careless());
        assertThatThrownBy(() -> Round.run("careless", contender, NOTHING, Duration.ofMinutes(10)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("careless")
                .rootCause()
                .hasMessage("more than 1 hold the lock");
    }

    /** Does nothing a few times, and then fails. */
    private static final class Failing implements Contender {
        private final AtomicInteger left = new AtomicInteger(3);

        @Override
        public int participants() {
            return 2;
        }

        @Override
        public int operate(int participant) {
            takeTime(1);
            Must.hold(left.decrementAndGet() != 0, "no more");
            return 1;
        }

        @Override
        public void close() {}
    }

    @Test
    void run_operationThatFails_isVoidAtOnce() {
        assertThatThrownBy(() -> Round.run("failing", new Failing(), NOTHING, Duration.ofMinutes(10)))
                .hasMessageContaining("failing")
                .rootCause()
                .hasMessage("no more");
    }
}
