/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Grant;
import dev.consort.core.internal.BoundAcquirer;
import dev.consort.core.internal.ThreadHolds;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A read-write lock by threads. A thread that reads while it writes does so by its write grant, which becomes a read grant
 * when the write lock is unlocked first.
 *
 * <p>Thread-safe: a hold is read and written by its own thread only.
 */
final class ReadWriteView implements ReadWriteLock {
    private final EtcdReadWriteLock lock;
    private final ThreadHolds holds;
    private final String readKey;
    private final String writeKey;
    private final Lock read;
    private final Lock write;

    ReadWriteView(
            EtcdReadWriteLock lock, BoundAcquirer<Grant> reading, BoundAcquirer<Grant> writing, ThreadHolds holds) {
        this.lock = lock;
        this.holds = holds;
        // No name begins with a slash.
        this.readKey = "/read/" + lock.name();
        this.writeKey = "/write/" + lock.name();
        this.read = new GrantLock(new Reading(reading), readKey, holds);
        this.write = new GrantLock(new Writing(writing), writeKey, holds);
    }

    @Override
    public Lock readLock() {
        return read;
    }

    @Override
    public Lock writeLock() {
        return write;
    }

    private @Nullable Grant held(String key) {
        ThreadHolds.@Nullable Hold hold = holds.get(key);
        return hold == null ? null : hold.grant();
    }

    @Override
    public String toString() {
        return lock + " as ReadWriteLock";
    }

    private final class Reading implements GrantLock.Source {
        private final BoundAcquirer<Grant> acquirer;

        Reading(BoundAcquirer<Grant> acquirer) {
            this.acquirer = acquirer;
        }

        @Override
        public Grant acquireUninterruptibly() {
            Grant writing = held(writeKey);
            return writing != null ? writing : acquirer.acquireUninterruptibly();
        }

        @Override
        public Grant acquire() throws InterruptedException {
            Grant writing = held(writeKey);
            return writing != null ? writing : acquirer.acquire();
        }

        @Override
        public Optional<Grant> tryAcquire() {
            Grant writing = held(writeKey);
            return writing != null ? Optional.of(writing) : acquirer.tryAcquire();
        }

        @Override
        public Optional<Grant> tryAcquire(Duration timeout) throws InterruptedException {
            Grant writing = held(writeKey);
            return writing != null ? Optional.of(writing) : acquirer.tryAcquire(timeout);
        }

        @Override
        public boolean release(Grant grant) {
            return grant == held(writeKey) ? grant.isHeld() : grant.release();
        }

        @Override
        public String toString() {
            return lock + " (read)";
        }
    }

    private final class Writing implements GrantLock.Source {
        private final BoundAcquirer<Grant> acquirer;

        Writing(BoundAcquirer<Grant> acquirer) {
            this.acquirer = acquirer;
        }

        private void checkNotReading() {
            if (held(readKey) != null) {
                throw new IllegalMonitorStateException(lock + " is locked for reading by thread '"
                        + Thread.currentThread().getName()
                        + "', which would wait for itself: unlock that first, or use tryUpgrade of the lock's grants");
            }
        }

        @Override
        public Grant acquireUninterruptibly() {
            checkNotReading();
            return acquirer.acquireUninterruptibly();
        }

        @Override
        public Grant acquire() throws InterruptedException {
            checkNotReading();
            return acquirer.acquire();
        }

        @Override
        public Optional<Grant> tryAcquire() {
            return held(readKey) != null ? Optional.empty() : acquirer.tryAcquire();
        }

        @Override
        public Optional<Grant> tryAcquire(Duration timeout) throws InterruptedException {
            return held(readKey) != null ? Optional.empty() : acquirer.tryAcquire(timeout);
        }

        /** Its reader goes on, without a gap. */
        @Override
        public boolean release(Grant grant) {
            ThreadHolds.@Nullable Hold reading = holds.get(readKey);
            if (reading == null || reading.grant() != grant) {
                return grant.release();
            }
            Optional<Grant> exchanged = lock.downgrade(grant);
            exchanged.ifPresent(reading::exchange);
            return exchanged.isPresent();
        }

        @Override
        public String toString() {
            return lock + " (write)";
        }
    }
}
