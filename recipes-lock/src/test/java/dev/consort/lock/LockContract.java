/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What {@link Lock} promises, for any reentrant implementation; {@link java.util.concurrent.locks.ReentrantLock} passes
 * it, and so anything a mutex does otherwise is the mutex's doing.
 */
@SuppressWarnings({"LockNotBeforeTry", "ThreadPriorityCheck", "WaitNotInLoop"}) // a failed test ends with its lock
abstract class LockContract {
    /** How much longer than asked for anything may take. */
    private static final Duration LATE = Duration.ofMillis(250);

    private final OtherThread other = new OtherThread();

    /** The lock under test, free before each test; each call may return another view of it. */
    abstract Lock lock();

    @AfterEach
    void endOtherThread() {
        other.close();
        assertThat(Thread.interrupted()).as("interrupt flag left behind").isFalse();
    }

    // lock

    @Test
    void lock_ofFreeLock_keepsOthersOutUntilUnlock() {
        lock().lock();
        assertThat(othersCanTake()).isFalse();
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void lock_heldByAnother_waitsForItsUnlock() {
        lock().lock();
        Future<Boolean> waiter = other.start(this::lockAndUnlock);
        other.awaitWaiting();
        assertThat(waiter).isNotDone();
        lock().unlock();
        OtherThread.result(waiter);
    }

    @Test
    void lock_again_needsAsManyUnlocks() {
        lock().lock();
        lock().lock();
        assertThat(lock().tryLock()).isTrue();
        lock().unlock();
        lock().unlock();
        assertThat(othersCanTake()).isFalse();
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void lock_interruptFlagSet_locksAndKeepsTheFlag() {
        Thread.currentThread().interrupt();
        lock().lock();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(othersCanTake()).isFalse();
        lock().unlock();
    }

    @Test
    void lock_interruptedWhileWaiting_waitsOnAndKeepsTheFlag() {
        AtomicBoolean flag = new AtomicBoolean();
        lock().lock();
        Future<Boolean> waiter = other.start(() -> {
            lock().lock();
            flag.set(Thread.interrupted());
            lock().unlock();
        });
        other.awaitWaiting();
        other.interrupt();
        other.awaitWaiting();
        assertThat(waiter).isNotDone();
        lock().unlock();
        OtherThread.result(waiter);
        assertThat(flag).isTrue();
    }

    // lockInterruptibly

    @Test
    void lockInterruptibly_ofFreeLock_locks() throws InterruptedException {
        lock().lockInterruptibly();
        assertThat(othersCanTake()).isFalse();
        lock().lockInterruptibly();
        lock().unlock();
        assertThat(othersCanTake()).isFalse();
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void lockInterruptibly_interruptFlagSet_throwsAndClearsTheFlag() {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> lock().lockInterruptibly());
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void lockInterruptibly_interruptFlagSetByTheOwner_throwsAndKeepsTheLock() {
        lock().lock();
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> lock().lockInterruptibly());
        assertThat(othersCanTake()).isFalse();
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void lockInterruptibly_interruptedWhileWaiting_throwsAndClearsTheFlag() {
        lock().lock();
        Future<Boolean> waiter = other.start(() -> {
            assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> lock().lockInterruptibly());
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        });
        other.awaitWaiting();
        long interrupted = System.nanoTime();
        other.interrupt();
        OtherThread.result(waiter);
        assertThat(since(interrupted)).isLessThan(LATE);
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    // tryLock

    @Test
    void tryLock_heldByAnother_isFalseAtOnce() {
        lock().lock();
        assertThat(usualTimeOf(() -> assertThat(lock().tryLock()).isFalse())).isLessThan(Duration.ofMillis(20));
        lock().unlock();
    }

    @Test
    void tryLock_interruptFlagSet_locksAndKeepsTheFlag() {
        Thread.currentThread().interrupt();
        assertThat(lock().tryLock()).isTrue();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(othersCanTake()).isFalse();
        lock().unlock();
    }

    // tryLock with a timeout

    @Test
    void tryLockTimed_ofFreeLock_locks() throws InterruptedException {
        assertThat(lock().tryLock(1, TimeUnit.MINUTES)).isTrue();
        assertThat(lock().tryLock(-1, TimeUnit.MINUTES)).isTrue();
        lock().unlock();
        assertThat(othersCanTake()).isFalse();
        lock().unlock();
        assertThat(lock().tryLock(0, TimeUnit.SECONDS)).isTrue();
        lock().unlock();
        assertThat(lock().tryLock(-5, TimeUnit.SECONDS)).isTrue();
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void tryLockTimed_zeroOrLess_doesNotWait() {
        lock().lock();
        assertThat(usualTimeOf(
                        () -> assertThat(lock().tryLock(0, TimeUnit.SECONDS)).isFalse()))
                .isLessThan(Duration.ofMillis(20));
        assertThat(usualTimeOf(() -> assertThat(lock().tryLock(Long.MIN_VALUE, TimeUnit.DAYS))
                        .isFalse()))
                .isLessThan(Duration.ofMillis(20));
        lock().unlock();
    }

    @Test
    void tryLockTimed_timeout_isFalseInTimeAndLeavesTheQueue() {
        lock().lock();
        other.run(() -> {
            for (int millis : new int[] {1, 30, 300}) {
                long start = System.nanoTime();
                assertThat(lock().tryLock(millis, TimeUnit.MILLISECONDS)).isFalse();
                assertThat(since(start)).isBetween(Duration.ofMillis(millis), LATE.plus(Duration.ofMillis(millis)));
            }
        });
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void tryLockTimed_unlockedMeanwhile_locks() {
        lock().lock();
        Future<Boolean> waiter = other.start(() -> {
            assertThat(lock().tryLock(Long.MAX_VALUE, TimeUnit.DAYS)).isTrue();
            lock().unlock();
        });
        other.awaitWaiting();
        lock().unlock();
        OtherThread.result(waiter);
    }

    @Test
    void tryLockTimed_interruptFlagSet_throwsWhateverTheTimeout() {
        for (long timeout : new long[] {1, 0, -1}) {
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(InterruptedException.class)
                    .isThrownBy(() -> lock().tryLock(timeout, TimeUnit.MINUTES));
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            assertThat(othersCanTake()).isTrue();
        }
    }

    @Test
    void tryLockTimed_interruptFlagSetByTheOwner_throwsAndKeepsTheLock() {
        lock().lock();
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> lock().tryLock(1, TimeUnit.MINUTES));
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void tryLockTimed_interruptedWhileWaiting_throwsAndClearsTheFlag() {
        lock().lock();
        Future<Boolean> waiter = other.start(() -> {
            assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> lock().tryLock(1, TimeUnit.MINUTES));
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        });
        other.awaitWaiting();
        long interrupted = System.nanoTime();
        other.interrupt();
        OtherThread.result(waiter);
        assertThat(since(interrupted)).isLessThan(LATE);
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    // unlock

    @Test
    void unlock_byAnotherThread_throwsAndKeepsTheLock() {
        lock().lock();
        other.run(() -> assertThatThrownBy(() -> lock().unlock()).isInstanceOf(IllegalMonitorStateException.class));
        assertThat(othersCanTake()).isFalse();
        lock().unlock();
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void unlock_onceTooOften_throws() {
        assertThatThrownBy(() -> lock().unlock()).isInstanceOf(IllegalMonitorStateException.class);
        lockAndUnlock();
        assertThatThrownBy(() -> lock().unlock()).isInstanceOf(IllegalMonitorStateException.class);
        assertThat(othersCanTake()).isTrue();
    }

    @Test
    void unlock_interruptFlagSet_unlocksAndKeepsTheFlag() {
        lock().lock();
        Thread.currentThread().interrupt();
        lock().unlock();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(othersCanTake()).isTrue();
    }

    // what it is for

    @Test
    void holders_oneAfterTheOther_seeWhatEarlierOnesWrote() {
        int rounds = 300;
        Plain shared = new Plain();
        Future<Boolean> others = other.start(() -> shared.add(rounds, lock()));
        shared.add(rounds, lock());
        OtherThread.result(others);
        lock().lock();
        assertThat(shared.count).isEqualTo(2 * rounds);
        lock().unlock();
    }

    /** A counter that only a lock makes right. */
    private static final class Plain {
        int count;

        void add(int times, Lock lock) {
            for (int i = 0; i < times; i++) {
                lock.lock();
                try {
                    int before = count;
                    Thread.yield();
                    count = before + 1;
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    @Test
    void newCondition_worksOrIsNotSupported() throws InterruptedException {
        lock().lock();
        try {
            Condition condition = lock().newCondition();
            Future<Boolean> signaller = other.start(() -> {
                lock().lock();
                condition.signal();
                lock().unlock();
            });
            assertThat(condition.await(10, TimeUnit.SECONDS)).isTrue();
            OtherThread.result(signaller);
        } catch (UnsupportedOperationException e) {
            assertThat(e).hasMessageContaining("conditions");
        } finally {
            lock().unlock();
        }
    }

    // Shared steps

    private boolean othersCanTake() {
        return other.call(() -> {
            boolean taken = lock().tryLock();
            if (taken) {
                lock().unlock();
            }
            return taken;
        });
    }

    private void lockAndUnlock() {
        lock().lock();
        lock().unlock();
    }

    static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    /** The median of some runs in the other thread, which a busy machine does not move much. */
    private Duration usualTimeOf(OtherThread.Action action) {
        long[] times = new long[15];
        other.run(() -> {
            for (int i = 0; i < times.length; i++) {
                long start = System.nanoTime();
                action.run();
                times[i] = System.nanoTime() - start;
            }
        });
        Arrays.sort(times);
        return Duration.ofNanos(times[times.length / 2]);
    }
}
