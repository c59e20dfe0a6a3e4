/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A lock that is right, to be broken in one place each. */
@SuppressWarnings({"LockNotBeforeTry", "NullAway", "WaitNotInLoop"})
class BrokenLock implements Lock {
    final ReentrantLock right = new ReentrantLock();

    @Override
    public void lock() {
        right.lock();
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        right.lockInterruptibly();
    }

    @Override
    public boolean tryLock() {
        return right.tryLock();
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        return right.tryLock(time, unit);
    }

    @Override
    public void unlock() {
        right.unlock();
    }

    @Override
    public Condition newCondition() {
        return right.newCondition();
    }

    /** Locks nothing. */
    static final class Open extends BrokenLock {
        @Override
        public void lock() {}

        @Override
        public void unlock() {}

        @Override
        public boolean tryLock() {
            return true;
        }
    }

    /** Gives up on waiting. */
    static final class Impatient extends BrokenLock {
        @Override
        public void lock() {
            try {
                boolean unused = right.tryLock(20, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Shuts the holder out, and belongs to nobody. */
    static final class Ownerless extends BrokenLock {
        private final Semaphore permits = new Semaphore(1);

        @Override
        public void lock() {
            permits.acquireUninterruptibly();
        }

        @Override
        public void lockInterruptibly() throws InterruptedException {
            permits.acquire();
        }

        @Override
        public boolean tryLock() {
            return permits.tryAcquire();
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return permits.tryAcquire(time, unit);
        }

        @Override
        public void unlock() {
            permits.release();
        }
    }

    /** One unlock is as good as many. */
    static final class Forgetful extends BrokenLock {
        @Override
        public void unlock() {
            do {
                right.unlock();
            } while (right.isHeldByCurrentThread());
        }
    }

    /** Takes the interrupt flag away wherever it should be kept. */
    static final class Swallowing extends BrokenLock {
        @Override
        public void lock() {
            right.lock();
            boolean unused = Thread.interrupted();
        }

        @Override
        public boolean tryLock() {
            boolean unused = Thread.interrupted();
            return right.tryLock();
        }

        @Override
        public void unlock() {
            boolean unused = Thread.interrupted();
            right.unlock();
        }
    }

    /** Heeds an interrupt where it should not. */
    static final class Startled extends BrokenLock {
        @Override
        public void lock() {
            try {
                right.lockInterruptibly();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public boolean tryLock() {
            return !Thread.currentThread().isInterrupted() && right.tryLock();
        }

        @Override
        public void unlock() {
            if (!Thread.currentThread().isInterrupted()) {
                right.unlock();
            }
        }
    }

    /** Heeds no interrupt. */
    static final class Deaf extends BrokenLock {
        @Override
        public void lockInterruptibly() {
            right.lock();
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) {
            long deadline = System.nanoTime() + unit.toNanos(time);
            while (!right.tryLock()) {
                if (System.nanoTime() - deadline > 0) {
                    return false;
                }
                Thread.onSpinWait();
            }
            return true;
        }
    }

    /** Heeds interrupts only where it has to wait. */
    static final class Hasty extends BrokenLock {
        @Override
        public void lockInterruptibly() throws InterruptedException {
            if (!right.tryLock()) {
                right.lockInterruptibly();
            }
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return right.tryLock() || right.tryLock(time, unit);
        }
    }

    /** Throws, but leaves the interrupt flag set. */
    static final class Insistent extends BrokenLock {
        @Override
        public void lockInterruptibly() throws InterruptedException {
            try {
                right.lockInterruptibly();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw e;
            }
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            try {
                return right.tryLock(time, unit);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw e;
            }
        }
    }

    /** Locks all the same when it is interrupted, and says that it did not. */
    static final class Haunted extends BrokenLock {
        @Override
        public void lockInterruptibly() throws InterruptedException {
            try {
                right.lockInterruptibly();
            } catch (InterruptedException e) {
                right.lock();
                throw e;
            }
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            boolean locked;
            try {
                locked = right.tryLock(time, unit);
            } catch (InterruptedException e) {
                right.lock();
                throw e;
            }
            if (!locked) {
                Daemons.callbacks().execute(right::lock); // what was asked for comes later
            }
            return locked;
        }
    }

    /** Waits where it should answer at once. */
    static final class Slow extends BrokenLock {
        @Override
        public boolean tryLock() {
            try {
                return right.tryLock(40, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return right.tryLock(Math.max(unit.toMillis(time), 40), TimeUnit.MILLISECONDS);
        }
    }

    /** Gives up before the timeout. */
    static final class Early extends BrokenLock {
        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return right.tryLock(unit.toNanos(time) / 2, TimeUnit.NANOSECONDS);
        }
    }

    /** Gives up long after the timeout. */
    static final class Late extends BrokenLock {
        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return right.tryLock(2 * unit.toNanos(time) + 300_000_000L, TimeUnit.NANOSECONDS);
        }
    }

    /** Reckons with a long timeout until it is negative. */
    static final class Overflowing extends BrokenLock {
        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return right.tryLock(time * unit.toMillis(1), TimeUnit.MILLISECONDS);
        }
    }

    /** Refuses a free lock when there is no time to wait. */
    static final class Pedantic extends BrokenLock {
        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return time > 0 && right.tryLock(time, unit);
        }
    }

    /** Does not mind who unlocks. */
    static final class Lenient extends BrokenLock {
        @Override
        public void unlock() {
            if (right.isHeldByCurrentThread()) {
                right.unlock();
            }
        }
    }

    /** Excludes as long as there is no crowd. */
    static final class Crowded extends BrokenLock {
        private final ThreadLocal<Boolean> inside = ThreadLocal.withInitial(() -> false);

        @Override
        public void lock() {
            inside.set(right.tryLock());
        }

        @Override
        public void unlock() {
            if (inside.get()) {
                right.unlock();
            }
        }
    }

    /** Its conditions are of another lock. */
    static final class Conditional extends BrokenLock {
        @Override
        public Condition newCondition() {
            return new ReentrantLock().newCondition();
        }
    }

    /** Its condition is nothing. */
    static final class Unconditional extends BrokenLock {
        @Override
        public @Nullable Condition newCondition() {
            return null;
        }
    }
}
