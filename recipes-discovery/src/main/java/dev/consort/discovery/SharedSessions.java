/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.EtcdConnection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sessions by which registrars go: those of a connection with one TTL share them, so that a process has one lease however many
 * instances it registers. Each has one of these, and the last one to be closed closes the session. Thread-safe.
 */
final class SharedSessions implements SessionFactory {
    private static final ReentrantLock lock = new ReentrantLock();
    private static final Map<Place, Shared> shared = new HashMap<>(); // guarded by lock, like the counts

    private final SessionFactory sessions;
    private final Runnable leave;
    private final AtomicBoolean left = new AtomicBoolean();

    /** Where there is one for all. */
    private record Place(EtcdConnection connection, Duration ttl) {}

    private static final class Shared {
        final SessionFactory sessions;
        int users;

        Shared(SessionFactory sessions) {
            this.sessions = sessions;
        }
    }

    private SharedSessions(SessionFactory sessions, Runnable leave) {
        this.sessions = sessions;
        this.leave = leave;
    }

    /** The caller's own, which stay open. */
    static SharedSessions ofCaller(SessionFactory sessions) {
        return new SharedSessions(sessions, () -> {});
    }

    static SharedSessions of(EtcdConnection connection, Duration ttl) {
        Place place = new Place(connection, ttl);
        lock.lock();
        try {
            Shared here = shared.computeIfAbsent(
                    place,
                    absent -> new Shared(
                            SessionFactory.of(Session.builder(connection).ttl(ttl))));
            here.users++;
            return new SharedSessions(here.sessions, () -> leave(place, here));
        } finally {
            lock.unlock();
        }
    }

    private static void leave(Place place, Shared here) {
        boolean last;
        lock.lock();
        try {
            last = --here.users == 0;
            if (last) {
                shared.remove(place, here);
            }
        } finally {
            lock.unlock();
        }
        if (last) {
            here.sessions.close();
        }
    }

    @Override
    public Session session() {
        return sessions.session();
    }

    @Override
    public void close() {
        if (!left.getAndSet(true)) {
            leave.run();
        }
    }
}
