/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.Connection;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.EtcdConnection;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Collects settings. Confined to its user's thread. */
final class RegistrarBuilder<I> implements Registrar.Builder<I> {
    private static final Duration DEFAULT_TTL = Duration.ofSeconds(10);
    private static final Duration MIN_TTL = Duration.ofSeconds(2);
    private static final Duration MAX_TTL = Duration.ofHours(24);
    private static final int BEATS = 3; // in a TTL

    private final ServiceLayout<I> layout;
    private final @Nullable EtcdConnection connection; // whose sessions of its own it goes by
    private final @Nullable SessionFactory sessions; // the caller's
    private @Nullable Duration ttl;
    private @Nullable Duration heartbeat;
    private boolean takesOver;
    private boolean closesOnShutdown;

    RegistrarBuilder(Connection connection, ServiceLayout<I> layout) {
        this.connection = EtcdConnection.of(connection);
        this.sessions = null;
        this.layout = Objects.requireNonNull(layout, "layout");
    }

    RegistrarBuilder(SessionFactory sessions, ServiceLayout<I> layout) {
        this.connection = null;
        this.sessions = Objects.requireNonNull(sessions, "sessions");
        this.layout = Objects.requireNonNull(layout, "layout");
    }

    @Override
    public Registrar.Builder<I> ttl(Duration time) {
        checkOwn("ttl");
        check(Objects.requireNonNull(time, "ttl"), heartbeat);
        ttl = time;
        return this;
    }

    @Override
    public Registrar.Builder<I> heartbeat(Duration time) {
        checkOwn("heartbeat");
        Duration beat = Objects.requireNonNull(time, "heartbeat");
        check(ttl == null ? beat.multipliedBy(BEATS) : ttl, beat);
        heartbeat = beat;
        return this;
    }

    private void checkOwn(String what) {
        if (sessions != null) {
            throw new IllegalStateException(
                    what + " is that of the sessions of the given SessionFactory: set the TTL of its Session.Builder");
        }
    }

    private static void check(Duration ttl, @Nullable Duration beat) {
        if (beat != null && beat.compareTo(ttl) >= 0) {
            throw new IllegalArgumentException(
                    "heartbeat " + beat + " is not below the TTL " + ttl
                            + ", so the instance would be gone between two of them: give one of the two, a TTL is renewed at a third");
        }
        if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0 || ttl.toNanosPart() != 0) {
            throw new IllegalArgumentException(
                    "ttl " + ttl + " is not whole seconds within " + MIN_TTL + ".." + MAX_TTL);
        }
        if (beat != null && !beat.multipliedBy(BEATS).equals(ttl)) {
            throw new IllegalArgumentException("heartbeat " + beat + " is not a third of the TTL " + ttl
                    + ", at which it is renewed: give one of the two");
        }
    }

    @Override
    public Registrar.Builder<I> takeOver() {
        takesOver = true;
        return this;
    }

    @Override
    public Registrar.Builder<I> closeOnShutdown() {
        closesOnShutdown = true;
        return this;
    }

    @Override
    public Registrar<I> register(I instance) throws InterruptedException {
        return register(layout.key(Objects.requireNonNull(instance, "instance")), instance);
    }

    @Override
    public Registrar<I> register(String key, I instance, Duration timeout) throws InterruptedException {
        Objects.requireNonNull(instance, "instance");
        Objects.requireNonNull(timeout, "timeout");
        RegistrationTerms terms = new RegistrationTerms(LayoutKeys.key(layout, key), takesOver);
        var unused = LayoutKeys.value(key, layout.encode(instance));
        SharedSessions going = going();
        try {
            return EtcdRegistrar.register(going, layout, terms, instance, timeout, closesOnShutdown);
        } catch (InterruptedException | RuntimeException e) {
            going.close();
            throw e;
        }
    }

    private SharedSessions going() {
        EtcdConnection own = connection;
        if (own == null) {
            return SharedSessions.ofCaller(Objects.requireNonNull(sessions));
        }
        Duration beat = heartbeat;
        return SharedSessions.of(own, ttl != null ? ttl : beat != null ? beat.multipliedBy(BEATS) : DEFAULT_TTL);
    }
}
