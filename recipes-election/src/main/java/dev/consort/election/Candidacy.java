/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.LossReason;
import java.time.Duration;
import java.util.Optional;

/**
 * Standing for an election for as long as this is open: a candidate again after each leadership, whatever becomes of its
 * sessions. Made by {@code LeaderElection.create(sessions, name).stand(listener)}. Thread-safe.
 *
 * <p><b>Guarantees.</b> It leads only after etcd has confirmed it. The listener is told in order, never twice at once, and
 * that a leadership is over for each that it was told of.
 *
 * <p><b>Not guaranteed.</b> That a thread which saw {@link #isLeader()} is not paused before its next step: send the
 * {@linkplain Leadership#token() term} with each write, or use the {@linkplain Leadership#guard() guard}.
 *
 * <p><b>When the session is lost</b> the leadership is lost; it stands again with the next session of its factory.
 */
public interface Candidacy extends AutoCloseable {
    /**
     * Whether this process leads by this candidacy. Asks nobody; false at once after a pause of the process longer than the
     * session could survive, also when nobody else leads yet.
     *
     * @return true from before {@link Listener#onElected} to the end of the leadership
     */
    boolean isLeader();

    /**
     * The leadership, for its term and guard.
     *
     * @return empty if it does not lead
     */
    Optional<Leadership> leadership();

    /**
     * Waits until it leads.
     *
     * @param timeout zero or less: does not wait
     * @return empty if the timeout came first, or it was closed
     * @throws InterruptedException if interrupted before or while waiting
     */
    Optional<Leadership> awaitLeadership(Duration timeout) throws InterruptedException;

    /**
     * What is done by the loop that stands for it: its {@linkplain LeaderLoop#state() state}, what it failed at, and whether
     * it has ended.
     *
     * @return a loop that is closed with this
     */
    LeaderLoop loop();

    /**
     * Withdraws it, or ends the leadership: {@link Listener#onLost} is called while it still leads, so that what it does is
     * done before the next one leads. Waits for that as {@link LeaderLoop#close()} does. Idempotent; keeps the interrupt flag.
     */
    @Override
    void close();

    /** Told on a thread of the candidacy's own. */
    interface Listener {
        /**
         * It leads. Interrupted if the leadership is lost, or the candidacy closed, before this returns. What it throws is
         * logged and counted, and others lead next.
         *
         * @param leadership resigned by the candidacy, if not before
         */
        void onElected(Leadership leadership);

        /**
         * It leads no more, after {@link #onElected} has returned. What this throws is logged.
         *
         * @param reason of the loss; {@link LossReason#CLOSED} also if the candidacy was closed, or the leadership released
         */
        void onLost(LossReason reason);
    }
}
