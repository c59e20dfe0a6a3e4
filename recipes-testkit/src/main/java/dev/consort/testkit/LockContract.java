/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * What {@link Lock} promises, as JUnit tests for any implementation that belongs to a thread:
 *
 * <pre>{@code
 * class OurLockTest extends LockContract {
 *     private final Lock lock = new OurLock();
 *
 *     @Override
 *     protected Lock lock() {
 *         return lock;
 *     }
 * }
 * }</pre>
 *
 * <p>It asks for nothing that {@link java.util.concurrent.locks.ReentrantLock} does not do:
 *
 * <ul>
 *   <li>one holder at a time, whose writes the next one sees; others wait for its unlock
 *   <li>re-entry by the holder, and as many unlocks, unless {@link #isReentrant()} says otherwise
 *   <li>{@code lock} and {@code tryLock} heed no interrupt and keep the flag; {@code lockInterruptibly} and the timed
 *       {@code tryLock} throw and clear it, also where they need not wait, and leave things as they were
 *   <li>{@code tryLock} answers at once; with a timeout it neither gives up early nor late, for any number, and a waiter
 *       that gave up or was interrupted gets the lock no more
 *   <li>{@code unlock} by anybody but the holder throws {@link IllegalMonitorStateException} and changes nothing; an
 *       interrupt does not keep it from unlocking
 *   <li>conditions wait and are signalled, unless {@link #hasConditions()} says that there are none
 * </ul>
 *
 * <p>It does not ask for fairness. A test that fails may leave the lock held and a thread waiting for it, so each test
 * should have a lock of its own. Needs JUnit, which the test kit does not bring along. Not threadsafe.
 */
@SuppressWarnings({"LockNotBeforeTry", "ThreadPriorityCheck", "WaitNotInLoop"}) // a failed test ends with its lock
public abstract class LockContract {
    private static final Duration A_WHILE = Duration.ofMillis(100);
    private static final int ROUNDS = 300;
    private static final int RUNS = 15;

    @SuppressWarnings("NullAway.Init") // before each test
    private OtherThread other;

    /** For subclasses. */
    protected LockContract() {}

    /** The lock under test, free before each test. Each call may return another view of the same lock. */
    protected abstract Lock lock();

    /** Whether the holder may lock again; true if not overridden. Otherwise its {@code tryLock} must be refused. */
    protected boolean isReentrant() {
        return true;
    }

    /** Whether {@code newCondition} is supported; true if not overridden. Otherwise it must throw {@link UnsupportedOperationException}. */
    protected boolean hasConditions() {
        return true;
    }

    /** How much longer than asked for anything may take; 250 ms if not overridden. */
    protected Duration lateness() {
        return Duration.ofMillis(250);
    }

    /** What {@code tryLock} may usually take to say no; 20 ms if not overridden. */
    protected Duration atOnce() {
        return Duration.ofMillis(20);
    }

    /** When to give up on something that must happen; 20 s if not overridden. */
    protected Duration patience() {
        return Duration.ofSeconds(20);
    }

    @BeforeEach
    final void startOtherThread() {
        other = new OtherThread(patience());
    }

    @AfterEach
    final void endOtherThread() {
        other.close();
        assertFalse(Thread.interrupted(), "interrupt flag left behind");
    }

    // lock

    @Test
    void lock_ofFreeLock_keepsOthersOutUntilUnlock() {
        lock().lock();
        assertHeld();
        lock().unlock();
        assertFree();
    }

    @Test
    void lock_heldByAnother_waitsForItsUnlock() {
        lock().lock();
        Future<Boolean> waiter = other.start(this::lockAndUnlock);
        assertWaits(waiter);
        lock().unlock();
        other.result(waiter);
    }

    @Test
    void lock_again_needsAsManyUnlocks() {
        lock().lock();
        if (!isReentrant()) {
            assertFalse(lock().tryLock(), "tryLock() by the holder of a lock that is not reentrant");
            lock().unlock();
            assertFree();
            return;
        }
        assertTrue(lock().tryLock(), "tryLock() by the holder"); // first, for it cannot hang
        lock().lock();
        lock().unlock();
        lock().unlock();
        assertHeld();
        lock().unlock();
        assertFree();
    }

    @Test
    void lock_interruptFlagSet_locksAndKeepsTheFlag() {
        Thread.currentThread().interrupt();
        lock().lock();
        assertTrue(Thread.interrupted(), "lock() took the interrupt flag away");
        assertHeld();
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
        assertWaits(waiter);
        other.interrupt();
        assertWaits(waiter);
        lock().unlock();
        other.result(waiter);
        assertTrue(flag.get(), "lock() took the interrupt flag away");
    }

    // lockInterruptibly

    @Test
    void lockInterruptibly_ofFreeLock_locks() throws InterruptedException {
        lock().lockInterruptibly();
        assertHeld();
        if (isReentrant()) {
            assertTrue(lock().tryLock(), "tryLock() by the holder"); // first, for it cannot hang
            lock().lockInterruptibly();
            lock().unlock();
            lock().unlock();
            assertHeld();
        }
        lock().unlock();
        assertFree();
    }

    @Test
    void lockInterruptibly_interruptFlagSet_throwsAndClearsTheFlag() {
        assertInterrupts(() -> lock().lockInterruptibly());
        assertFree();
    }

    @Test
    void lockInterruptibly_interruptFlagSetByTheOwner_throwsAndKeepsTheLock() {
        lock().lock();
        assertInterrupts(() -> lock().lockInterruptibly());
        assertHeld();
        lock().unlock();
        assertFree();
    }

    @Test
    void lockInterruptibly_interruptedWhileWaiting_throwsAndClearsTheFlag() {
        assertInterruptedWhileWaiting(() -> lock().lockInterruptibly());
    }

    // tryLock

    @Test
    void tryLock_heldByAnother_isFalseAtOnce() {
        lock().lock();
        assertAtOnce(() -> assertFalse(lock().tryLock(), "tryLock() of a held lock"));
        lock().unlock();
    }

    @Test
    void tryLock_interruptFlagSet_locksAndKeepsTheFlag() {
        Thread.currentThread().interrupt();
        assertTrue(lock().tryLock(), "tryLock() of a free lock");
        assertTrue(Thread.interrupted(), "tryLock() took the interrupt flag away");
        assertHeld();
        lock().unlock();
    }

    // tryLock with a timeout

    @Test
    void tryLockTimed_ofFreeLock_locks() throws InterruptedException {
        for (long timeout : new long[] {1, 0, -1}) {
            assertTrue(lock().tryLock(timeout, TimeUnit.MINUTES), "tryLock(" + timeout + " min) of a free lock");
            if (isReentrant()) {
                assertTrue(lock().tryLock(timeout, TimeUnit.MINUTES), "tryLock(" + timeout + " min) by the holder");
                lock().unlock();
            }
            assertHeld();
            lock().unlock();
            assertFree();
        }
    }

    @Test
    void tryLockTimed_zeroOrLess_doesNotWait() {
        lock().lock();
        for (long timeout : new long[] {0, -1, Long.MIN_VALUE}) {
            assertAtOnce(() -> assertFalse(
                    lock().tryLock(timeout, TimeUnit.DAYS), "tryLock(" + timeout + " days) of a held lock"));
        }
        lock().unlock();
    }

    @Test
    void tryLockTimed_timeout_isFalseInTimeAndLeavesTheQueue() {
        lock().lock();
        other.run(() -> {
            for (int millis : new int[] {1, 30, 300}) {
                Duration timeout = Duration.ofMillis(millis);
                long start = System.nanoTime();
                assertFalse(lock().tryLock(millis, TimeUnit.MILLISECONDS), "tryLock of a held lock");
                Duration took = since(start);
                assertTrue(took.compareTo(timeout) >= 0, "gave up after " + took + " of " + timeout);
                assertTrue(took.compareTo(timeout.plus(lateness())) <= 0, "took " + took + " instead of " + timeout);
            }
        });
        lock().unlock();
        assertStaysFree();
    }

    @Test
    void tryLockTimed_unlockedMeanwhile_locks() {
        lock().lock();
        Future<Boolean> waiter = other.start(() -> {
            assertTrue(lock().tryLock(Long.MAX_VALUE, TimeUnit.DAYS), "tryLock with the longest timeout");
            lock().unlock();
        });
        other.awaitWaiting(waiter);
        lock().unlock();
        other.result(waiter);
        assertFree();
    }

    @Test
    void tryLockTimed_interruptFlagSet_throwsWhateverTheTimeout() {
        for (long timeout : new long[] {1, 0, -1}) {
            assertInterrupts(() -> {
                boolean unused = lock().tryLock(timeout, TimeUnit.MINUTES);
            });
            assertFree();
        }
    }

    @Test
    void tryLockTimed_interruptFlagSetByTheOwner_throwsAndKeepsTheLock() {
        lock().lock();
        assertInterrupts(() -> {
            boolean unused = lock().tryLock(1, TimeUnit.MINUTES);
        });
        assertHeld();
        lock().unlock();
        assertFree();
    }

    @Test
    void tryLockTimed_interruptedWhileWaiting_throwsAndClearsTheFlag() {
        assertInterruptedWhileWaiting(() -> {
            boolean unused = lock().tryLock(1, TimeUnit.MINUTES);
        });
    }

    // unlock

    @Test
    void unlock_byAnotherThread_throwsAndKeepsTheLock() {
        lock().lock();
        other.run(() -> assertThrows(IllegalMonitorStateException.class, () -> lock().unlock()));
        assertHeld();
        lock().unlock();
        assertFree();
    }

    @Test
    void unlock_onceTooOften_throws() {
        assertThrows(IllegalMonitorStateException.class, () -> lock().unlock());
        lockAndUnlock();
        assertThrows(IllegalMonitorStateException.class, () -> lock().unlock());
        assertFree();
    }

    @Test
    void unlock_interruptFlagSet_unlocksAndKeepsTheFlag() {
        lock().lock();
        Thread.currentThread().interrupt();
        lock().unlock();
        assertTrue(Thread.interrupted(), "unlock() took the interrupt flag away");
        assertFree();
    }

    // what it is for

    @Test
    void holders_oneAfterTheOther_seeWhatEarlierOnesWrote() {
        Plain shared = new Plain();
        Future<Boolean> others = other.start(() -> shared.add(ROUNDS, lock()));
        shared.add(ROUNDS, lock());
        other.result(others);
        lock().lock();
        assertEquals(2 * ROUNDS, shared.count, "what two threads have counted under the lock");
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
            if (!hasConditions()) {
                assertThrows(UnsupportedOperationException.class, () -> lock().newCondition());
                return;
            }
            Condition condition = lock().newCondition();
            assertNotNull(condition);
            Future<Boolean> signaller = other.start(() -> {
                lock().lock();
                condition.signal();
                lock().unlock();
            });
            assertTrue(condition.await(patience().toNanos(), TimeUnit.NANOSECONDS), "was not signalled");
            other.result(signaller);
        } finally {
            lock().unlock();
        }
    }

    // Shared steps

    private void assertHeld() {
        assertFalse(othersCanTake(), "somebody else could take the lock, which is held");
    }

    private void assertFree() {
        assertTrue(othersCanTake(), "nobody else could take the lock, which should be free");
    }

    /** Nor does anybody get it later who had given up. */
    private void assertStaysFree() {
        assertFree();
        Bounded.pause(A_WHILE);
        assertFree();
    }

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

    /** It waits now, and some time later still. */
    private void assertWaits(Future<Boolean> waiter) {
        other.awaitWaiting(waiter);
        assertThrows(
                TimeoutException.class,
                () -> waiter.get(A_WHILE.toMillis(), TimeUnit.MILLISECONDS),
                "did not wait on for a held lock");
    }

    private static void assertInterrupts(Executable locking) {
        Thread.currentThread().interrupt();
        try {
            assertThrows(InterruptedException.class, locking);
        } finally {
            // Whatever came, the flag is of this step only.
            assertFalse(Thread.interrupted(), "interrupt flag not cleared");
        }
    }

    private void assertInterruptedWhileWaiting(Executable locking) {
        lock().lock();
        Future<Boolean> waiter = other.start(() -> {
            assertThrows(InterruptedException.class, locking);
            assertFalse(Thread.currentThread().isInterrupted(), "interrupt flag not cleared");
        });
        assertWaits(waiter);
        long interrupted = System.nanoTime();
        other.interrupt();
        other.result(waiter);
        Duration took = since(interrupted);
        assertTrue(took.compareTo(lateness()) < 0, "took " + took + " to heed an interrupt");
        lock().unlock();
        assertStaysFree();
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    /** Looks at the median of some runs in the other thread, which a busy machine does not move much. */
    private void assertAtOnce(OtherThread.Action action) {
        long[] times = new long[RUNS];
        other.run(() -> {
            for (int i = 0; i < times.length; i++) {
                long start = System.nanoTime();
                action.run();
                times[i] = System.nanoTime() - start;
            }
        });
        Arrays.sort(times);
        Duration usual = Duration.ofNanos(times[times.length / 2]);
        assertTrue(usual.compareTo(atOnce()) < 0, "usually took " + usual + " to say no");
    }
}
