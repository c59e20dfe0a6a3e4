/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * A place in a group: made by {@link Membership#join(String, String)}, ended by {@link #close()}. Thread-safe.
 *
 * <p><b>Guarantees.</b> While it is open and etcd can be reached it comes back whenever it is gone: when its session is
 * lost, with the next one of its factory; when somebody deletes its key, at once; when another process has joined under
 * its id meanwhile, as soon as that one leaves. After {@link #close()} it does not come back, whatever lands late.
 *
 * <p><b>When the session is lost</b> it is {@link State#REJOINING}, or {@link State#CLOSED} if it has one session only. If
 * the lease was revoked it is back at once. If the lease only could not be renewed in time, so that etcd still has the key,
 * it takes that key over: it knows its own by the lease, so others see it change and not leave.
 */
public interface Seat extends AutoCloseable {
    /**
     * The id under which it joined.
     *
     * @return as it was given
     */
    String id();

    /**
     * What others read of it, or are to read.
     *
     * @return the value that was given last
     */
    String value();

    /**
     * What it is now. After a pause of the process that outlasted the session's deadline the first call says so.
     *
     * @return the state
     */
    State state();

    /**
     * Changes the value that others read. Bounded by the request timeout; keeps the interrupt flag. Of changes that follow
     * one another quickly some may be left out, but never the last one.
     *
     * @param value as in {@link Membership#join(String, String)}
     * @return true if etcd has it; false if it is not a member now, and will have the value when it is one again
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer in time; the value is sent until it does
     * @throws dev.consort.core.RecipeException if etcd refused it
     * @throws IllegalStateException if it is closed
     */
    boolean update(String value);

    /**
     * Tells a listener the present state and each one from now on, in order and one at a time, on the session's executor.
     *
     * @param listener what to call; an exception it throws is logged
     */
    void onState(Consumer<? super State> listener);

    /**
     * Why it was not a member last: the end of its session, the one that has its id ({@link MemberIdInUseException}), or why
     * no session could be opened.
     *
     * @return empty if it was one all the time
     */
    Optional<Throwable> lastFailure();

    /**
     * Completes when it has left and etcd has confirmed that, or its session has ended; exceptionally with a {@link
     * dev.consort.core.SessionLostException} if it had one session only, with an {@link IllegalStateException} if its
     * session factory or connection was closed, or with a {@link dev.consort.core.RecipeException} if etcd refused to let it
     * leave, upon which it is there until its session ends.
     *
     * @return a stage of its own for each call; completes on the session's executor
     */
    CompletionStage<Void> ended();

    /**
     * Leaves. Waits for etcd to confirm it, up to the request timeout; without an answer it is sent until there is one, or
     * the session ends. Idempotent; keeps the interrupt flag.
     */
    @Override
    void close();

    /** The states of a place. */
    enum State {
        /** It joins for the first time, which is not over before it is given out. To JOINED, CLOSED. */
        JOINING,
        /** Others see it. To REJOINING, CLOSED. */
        JOINED,
        /** Its session was lost, or somebody deleted or took its key: it comes back. To JOINED, CLOSED. */
        REJOINING,
        /** It has left, or cannot come back. Final. */
        CLOSED
    }
}
