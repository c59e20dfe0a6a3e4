/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Opens one session at a time. Thread-safe: state is guarded by {@link #lock}, which is held while one is opened. */
public final class ReopeningSessionFactory implements SessionFactory {
    private final Session.Builder builder;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Session present;
    private boolean closed;

    /** Opens sessions as the builder describes them. */
    public ReopeningSessionFactory(Session.Builder builder) {
        this.builder = Objects.requireNonNull(builder, "builder");
    }

    /** The connection of such a factory's sessions; empty if the factory is the user's own. */
    public static Optional<EtcdConnection> connectionOf(SessionFactory sessions) {
        return sessions instanceof ReopeningSessionFactory ours && ours.builder instanceof EtcdSessionBuilder builder
                ? Optional.of(builder.connection())
                : Optional.empty();
    }

    @Override
    public Session session() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("session factory is closed: create another one");
            }
            Session now = present;
            if (now == null || now.state().isFinal()) {
                now = builder.open();
                present = now;
            }
            return now;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            if (present != null) {
                present.close();
                present = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
