/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * An instance that is registered: made by {@link Builder#register(Object)}, ended by {@link #close()}. Thread-safe.
 *
 * <p><b>Guarantees.</b> A key is that of one live process at a time: another one that wants it is refused, or takes it over, as it
 * was made, and then the first one is told so and stays away. While this is open and etcd can be reached the key comes back
 * whenever it is gone: when its session is lost, with the next one; when somebody deletes it, at once; when another process has it,
 * as soon as that one leaves. After {@link #close()} it does not come back, whatever lands late.
 *
 * <p><b>Not guaranteed.</b> That an instance which others see is alive: it may have died up to a TTL ago. That a process which was
 * paused for longer than its TTL notices before another one has taken its key.
 *
 * <p><b>When the session is lost</b> it is {@link State#RETURNING}, and registers again with the next session under the same key:
 * within a second of etcd's return. If only the lease could not be renewed in time, so that etcd still has the key, it is taken over,
 * and nobody sees it leave.
 *
 * @param <I> what describes an instance
 */
public interface Registrar<I> extends AutoCloseable {
    /**
     * Registers by a session of its own, which all registrars of a connection with one TTL share: opened with the first and closed
     * with the last.
     *
     * @param connection stays the caller's to close, after the registrars
     * @param layout how instances are written
     * @param <I> what describes an instance
     * @return describes registrars
     */
    static <I> Builder<I> builder(Connection connection, ServiceLayout<I> layout) {
        return new RegistrarBuilder<>(connection, layout);
    }

    /**
     * Registers by the sessions that a process has anyway.
     *
     * @param sessions stays the caller's to close, after the registrars; the TTL is that of its sessions
     * @param layout how instances are written
     * @param <I> what describes an instance
     * @return describes registrars
     */
    static <I> Builder<I> builder(SessionFactory sessions, ServiceLayout<I> layout) {
        return new RegistrarBuilder<>(sessions, layout);
    }

    /**
     * Where it is registered.
     *
     * @return the key, without a namespace
     */
    String key();

    /**
     * What is registered, or is to be.
     *
     * @return what was given last, with the time of the registration if the layout has a place for that
     */
    I instance();

    /**
     * The lease that its key is bound to.
     *
     * @return that of its present session, or of its last one
     */
    long leaseId();

    /**
     * What it is now. After a pause of the process that outlasted the session's deadline the first call says so.
     *
     * @return the state
     */
    State state();

    /**
     * Changes what others read, in place: others see the instance change and not leave. Bounded by the request timeout; keeps the
     * interrupt flag. Of changes that follow one another quickly some may be left out, but never the last one.
     *
     * @param instance such as the same with another weight, or with a note that it is draining
     * @return true if etcd has it; false if it is not registered now, and will be so when it is again
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer in time; it is sent until it does
     * @throws RecipeException if etcd refused it
     * @throws IllegalArgumentException if it cannot be written, or the layout has another key for it
     * @throws IllegalStateException if this is closed
     */
    boolean update(I instance);

    /**
     * Tells a listener the present state and each one from now on, in order and one at a time, on the session's executor.
     *
     * @param listener what it throws is logged
     */
    void onState(Consumer<? super State> listener);

    /**
     * Why it was not registered last: the end of its session, somebody else who has its key ({@link InstanceKeyInUseException}), or
     * why no session could be opened.
     *
     * @return empty if it was registered all the time
     */
    Optional<Throwable> lastFailure();

    /**
     * Completes when it was deregistered and etcd has confirmed that, or its session has ended; exceptionally if its session factory
     * or connection was closed, or if etcd refused to delete its key, which then stays until its session ends.
     *
     * @return a stage of its own for each call; completes on the session's executor
     */
    CompletionStage<Void> ended();

    /**
     * Deregisters. Waits for etcd to confirm it, up to the request timeout; without an answer it is sent until there is one, or the
     * session ends. The last one of a session of its own closes that as well. Idempotent; keeps the interrupt flag.
     */
    @Override
    void close();

    /** The states of a registration. */
    enum State {
        /** It begins, which is not over before it is given out. To REGISTERED, CLOSED. */
        REGISTERING,
        /** Others see it. To RETURNING, CLOSED. */
        REGISTERED,
        /** Its session was lost, or somebody deleted its key or took it over: it comes back. To REGISTERED, CLOSED. */
        RETURNING,
        /** It was deregistered, or cannot come back. Final. */
        CLOSED
    }

    /**
     * Describes registrars. Not thread-safe.
     *
     * @param <I> what describes an instance
     */
    interface Builder<I> {
        /**
         * How long an instance stays in etcd when its process has died; renewed at a third of it.
         *
         * @param ttl 2 s to 24 h, whole seconds; 10 s by default
         * @return this
         * @throws IllegalArgumentException if it is out of range, or not three times the heartbeat that was given
         * @throws IllegalStateException if this registers by the caller's sessions, whose TTL it is
         */
        Builder<I> ttl(Duration ttl);

        /**
         * How often the lease is renewed, which is another way to say the TTL: three times as long.
         *
         * @param heartbeat a third of a TTL
         * @return this
         * @throws IllegalArgumentException if there is no such TTL, or another one was given, such as one below the heartbeat
         * @throws IllegalStateException as {@link #ttl}
         */
        Builder<I> heartbeat(Duration heartbeat);

        /**
         * An instance takes over a key that somebody else has, when it is registered for the first time; one that comes back never
         * does. Without this it is refused.
         *
         * @return this
         */
        Builder<I> takeOver();

        /**
         * What is registered is deregistered when the JVM is told to end, as by SIGTERM, if it is still open then.
         *
         * @return this
         */
        Builder<I> closeOnShutdown();

        /**
         * Registers an instance under the layout's key for it.
         *
         * @param instance to be registered
         * @return to be closed
         * @throws InstanceKeyInUseException if another live process has the key, or one that died less than its TTL ago, and it is not
         *     to be taken over; or if this process has it
         * @throws dev.consort.core.EtcdUnavailableException if etcd does not answer; nothing is left behind then
         * @throws RecipeException if etcd refuses it, or the session is lost meanwhile
         * @throws InterruptedException if interrupted before or while waiting; nothing is left behind then
         * @throws IllegalArgumentException if the instance or its key cannot be used
         * @throws IllegalStateException if the connection or the session factory is closed
         */
        Registrar<I> register(I instance) throws InterruptedException;

        /**
         * Registers an instance under a key.
         *
         * @param key below the layout's prefix; up to 4,096 bytes of UTF-8
         * @param instance as in {@link #register(Object)}
         * @return to be closed
         * @throws InterruptedException as {@link #register(Object)}
         */
        default Registrar<I> register(String key, I instance) throws InterruptedException {
            return register(key, instance, Duration.ZERO);
        }

        /**
         * Registers an instance as soon as no other live process has the key: for one that is started again before the session of the
         * one that died has ended.
         *
         * @param key as in {@link #register(String, Object)}
         * @param instance as in {@link #register(Object)}
         * @param timeout how long to wait for the key, etcd's answer included; zero or less: for the answer only
         * @return to be closed
         * @throws InterruptedException as {@link #register(Object)}
         */
        Registrar<I> register(String key, I instance, Duration timeout) throws InterruptedException;
    }
}
