/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.ours;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import java.util.Optional;

/** A {@link Mutex} of a session with a connection of its own. */
public final class MutexLock implements Locker {
    private final Session session;
    private final Mutex mutex;

    public MutexLock(String endpoint, String name) {
        session = Session.connect(endpoint);
        mutex = Mutex.create(session, name);
    }

    @Override
    public void locked(Runnable critical) throws InterruptedException {
        Grant grant = mutex.acquire();
        critical.run();
        Must.hold(grant.release(), "the lock was lost");
    }

    /** Whether it got the lock, which it gives back. */
    public boolean attempt() {
        Optional<Grant> grant = mutex.tryAcquire();
        grant.ifPresent(Grant::close);
        return grant.isPresent();
    }

    @Override
    public void close() {
        session.close();
    }
}
