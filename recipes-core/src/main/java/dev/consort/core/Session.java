/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.EtcdSessionBuilder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * An etcd lease kept alive: what this process holds in etcd is bound to it, and goes when it goes. A process needs one,
 * opened at start, for any number of recipes.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe.
 *
 * <p><b>Guarantees.</b> The session is {@link SessionState#LOST} for its owner before the server can free the
 * lease: the deadline counts, on the monotonic clock, from the <em>sending</em> of the last renewal that was
 * answered, less a margin of max(100 ms, TTL / 20). It is lost within about 250 ms when somebody revokes the lease
 * and the server is reachable. LOST is final: a session is never made anew behind its user's back.
 *
 * <p><b>Not guaranteed.</b> That code of this process which runs on after a pause notices: use the
 * {@linkplain Grant#token() token} or the {@linkplain Grant#guard() guard} for what must not be written late.
 *
 * <p><b>When the session is lost</b> its grants report lost, its waiters fail with {@link SessionLostException}, and the
 * lease is revoked in the background when etcd can be reached.
 */
public interface Session extends AutoCloseable {
    /**
     * Opens a connection and a session on it with the defaults; closing the session closes both.
     *
     * @param endpoints one or more addresses such as {@code http://10.0.0.1:2379}
     * @return an active session
     * @throws EtcdUnavailableException if no endpoint answers within 5 s
     * @throws IllegalArgumentException if an endpoint is malformed
     */
    static Session connect(String... endpoints) {
        return EtcdSession.connect(List.of(endpoints));
    }

    /**
     * Describes a session on a connection.
     *
     * @param connection an open connection, which may have any number of sessions
     * @return a builder with the defaults
     */
    static Builder builder(Connection connection) {
        return new EtcdSessionBuilder(connection);
    }

    /**
     * The connection this session uses.
     *
     * @return the connection it was opened on
     */
    Connection connection();

    /**
     * The lease's id, as in {@code etcdctl lease list} after conversion to hexadecimal digits.
     *
     * @return a positive number
     */
    long leaseId();

    /**
     * The lease's time to live.
     *
     * @return the TTL that the server granted, which may be more than was asked for
     */
    Duration ttl();

    /**
     * The present state. After a pause of the process that outlasted the deadline the first call says LOST.
     *
     * @return the state
     */
    SessionState state();

    /**
     * The time left until the session would be lost if no renewal were answered from now on.
     *
     * @return zero if it is lost or closed
     */
    Duration remaining();

    /**
     * Completes when the session is lost or closed, on the session's executor; also for those who ask late.
     *
     * @return a stage of its own for each call
     */
    CompletionStage<LossReason> lost();

    /**
     * Tells a listener each state from now on, in order and one at a time, on the session's executor; a final state also
     * if it was reached before.
     *
     * @param listener what to call; an exception it throws is logged
     */
    void onState(Consumer<SessionState> listener);

    /** Stops renewing and leaves the keys to their TTL; grants report lost and waiters fail. Idempotent. */
    void orphan();

    /**
     * Revokes the lease, which frees all that is held; waiters fail. Idempotent; bounded by the request timeout, also
     * with etcd dead: then it is revoked as soon as etcd answers, if the connection is still open and the lease may be
     * there; keeps the interrupt flag.
     */
    @Override
    void close();

    /** Describes a session. Not thread-safe. */
    interface Builder {
        /**
         * How long the session's keys outlive this process if it dies. Renewed at a third of it.
         *
         * @param ttl 2 s to 24 h, whole seconds; 10 s by default
         * @return this
         * @throws IllegalArgumentException if out of range
         */
        Builder ttl(Duration ttl);

        /**
         * Where listeners and completions of futures run.
         *
         * @param executor stays the caller's to shut down; by default four daemon threads of the connection
         * @return this
         */
        Builder executor(Executor executor);

        /**
         * Where the session's own keys are, which must be the same in all processes that are to agree.
         *
         * @param prefix of whole segments and with a trailing slash; {@code consort/session/} by default
         * @return this
         */
        Builder sessionPrefix(String prefix);

        /**
         * Opens the session.
         *
         * @return an active session
         * @throws EtcdUnavailableException if etcd does not answer within the connection's connect timeout
         * @throws IllegalStateException if the connection is closed
         */
        Session open();
    }
}
