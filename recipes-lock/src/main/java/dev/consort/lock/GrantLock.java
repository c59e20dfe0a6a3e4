/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Grant;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.internal.ThreadHolds;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is granted as {@link Lock}: owned by threads, and reentrant. What a thread holds is kept with the session, so that
 * all views of a name share it.
 *
 * <p>Thread-safe: a hold is read and written by its own thread only.
 */
final class GrantLock implements Lock {
    /** Where the grants come from, and go to. */
    interface Source {
        Grant acquireUninterruptibly();

        Grant acquire() throws InterruptedException;

        Optional<Grant> tryAcquire();

        Optional<Grant> tryAcquire(Duration timeout) throws InterruptedException;

        /** False if it had been lost. */
        boolean release(Grant grant);
    }

    private static final Logger log = LoggerFactory.getLogger(GrantLock.class);

    private final Source source;
    private final String key;
    private final ThreadHolds holds;

    /**
     * A view.
     *
     * @param key under which holds are kept
     */
    GrantLock(Source source, String key, ThreadHolds holds) {
        this.source = source;
        this.key = key;
        this.holds = holds;
    }

    @Override
    public void lock() {
        if (!reenter()) {
            holds.put(key, source.acquireUninterruptibly());
        }
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (!reenter()) {
            holds.put(key, source.acquire());
        }
    }

    @Override
    public boolean tryLock() {
        return reenter() || entered(source.tryAcquire());
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return reenter() || entered(source.tryAcquire(Duration.ofNanos(unit.toNanos(time))));
    }

    private boolean entered(Optional<Grant> grant) {
        grant.ifPresent(granted -> holds.put(key, granted));
        return grant.isPresent();
    }

    private boolean reenter() {
        ThreadHolds.@Nullable Hold hold = holds.get(key);
        if (hold == null) {
            return false;
        }
        if (!hold.grant().isHeld()) {
            throw lost(hold.grant());
        }
        hold.enter();
        return true;
    }

    @Override
    public void unlock() {
        ThreadHolds.@Nullable Hold hold = holds.get(key);
        if (hold == null) {
            throw new IllegalMonitorStateException(source + " is not locked by thread '"
                    + Thread.currentThread().getName() + "': only the thread that locked it may unlock it");
        }
        Grant grant = hold.grant();
        if (!hold.leave()) {
            if (!grant.isHeld()) {
                throw lost(grant);
            }
            return;
        }
        holds.remove(key);
        try {
            if (!source.release(grant)) {
                throw lost(grant);
            }
        } catch (OutcomeUnknownException e) {
            log.warn("{}: unlocked, but etcd has not confirmed it yet", source, e);
        }
    }

    private LockOwnershipLostException lost(Grant grant) {
        return new LockOwnershipLostException(source + " was held with token " + grant.token()
                + " and lost since: its session was lost, or its key was deleted; unlock, and check what it protected");
    }

    @Override
    public Condition newCondition() {
        throw new UnsupportedOperationException(
                "conditions are not supported: wait for a key, or use a queue or barrier");
    }

    @Override
    public String toString() {
        return source + " as Lock";
    }
}
