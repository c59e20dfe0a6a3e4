/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.Grant;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Being the leader: a grant whose token is the term. Releasing or closing it resigns. Thread-safe.
 *
 * <p><b>When the session is lost</b> the leadership is lost, and proclaiming is refused.
 */
public interface Leadership extends Grant {
    /**
     * Changes the value that others read, as long as this is the leader. Bounded by the request timeout; keeps the
     * interrupt flag.
     *
     * @param value not empty
     * @return true if it was changed; false if this leadership has ended, and nothing was changed
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer in time
     */
    boolean proclaim(String value);

    /**
     * Changes the value without blocking; like {@link #proclaim(String)} otherwise, but waits for etcd as long as the
     * session lives.
     *
     * @param value not empty
     * @return completes on the session's executor
     */
    CompletableFuture<Boolean> proclaimAsync(String value);

    /**
     * Steps down: another word for {@link #release()}.
     *
     * @return true if this was the leader until now; false if leadership had been lost, or resigned before
     * @throws dev.consort.core.OutcomeUnknownException as {@link #release()}
     */
    default boolean resign() {
        return release();
    }

    /**
     * Lets a chosen participant lead next. Nobody is elected out of order: the candidates of this library that wait between
     * are asked to step back, which puts them behind all others, and when they have done so this leader resigns in favour of
     * the chosen one, in one transaction. Until then this is the leader, and may be used as such. Guarded transactions in
     * flight are waited for. Where several candidates of one session wait, the one of them who is next leads.
     *
     * <p>Bounded by the timeout; when the last step was sent just then, by the request timeout beside it. Resigning or closing
     * this meanwhile ends the transfer.
     *
     * @param to one who waits, as {@link LeaderElection#participants()} gave it; also a Go program or {@code etcdctl}, if
     *     it waits for this leader only or for candidates of this library
     * @param timeout how long to wait for those between; zero or less: only if nobody is
     * @return true if the chosen one leads now; false if the time was over first, and this stays the leader, or if this
     *     leadership had ended: {@link #isHeld()} tells which
     * @throws TransferRefusedException if the chosen one is not there, or goes meanwhile, if another program's candidate is
     *     between, or another transfer under way; this stays the leader
     * @throws IllegalArgumentException if it is no participant of this election, or one of this session, whose candidates
     *     share a place
     * @throws InterruptedException if interrupted before or while waiting; this stays the leader. Where it was too late for
     *     that, returns with the interrupt flag set
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not confirm the last step in time; then this is not the
     *     leader any more, and resigns if the chosen one had gone
     */
    boolean transfer(LeaderElection.Leader to, Duration timeout) throws InterruptedException;

    /**
     * Lets the participant with this value lead next; like {@link #transfer(LeaderElection.Leader, Duration)} otherwise.
     *
     * @param value of exactly one who waits
     * @param timeout as there
     * @return as there
     * @throws TransferRefusedException also if no one or several of those who wait have this value
     * @throws InterruptedException as there
     */
    boolean transfer(String value, Duration timeout) throws InterruptedException;

    /**
     * Transfers without blocking; like {@link #transfer(LeaderElection.Leader, Duration)} otherwise. However the returned
     * future is completed by somebody else, the transfer is given up if that can still be.
     *
     * @param to as there
     * @param timeout as there
     * @return completes on the session's executor
     */
    CompletableFuture<Boolean> transferAsync(LeaderElection.Leader to, Duration timeout);
}
