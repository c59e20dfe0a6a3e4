/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Agrees on one leader among processes, with a term for each leadership. Its keys are those of etcd's own Go package and
 * Election service, so that Go programs and {@code etcdctl elect} take part. Thread-safe.
 *
 * <p><b>Guarantees.</b> At most one leader at any time in etcd; leaders in the order in which they campaigned, but for those who
 * step back for a {@linkplain Leadership#transfer(Leader, Duration) transfer} or a {@linkplain #withPriority priority};
 * terms that strictly increase; a leadership is given out only after etcd has confirmed it, and reported lost before anybody
 * else can be elected while the server keeps its leases.
 *
 * <p><b>Not guaranteed.</b> That a leader which was paused stops by itself: send the {@linkplain Leadership#token() term}
 * with each write, or use the {@linkplain Leadership#guard() guard}.
 *
 * <p><b>When the session is lost</b> the leadership is lost, and campaigning fails with
 * {@link dev.consort.core.SessionLostException}.
 *
 * <p>The algorithm is that of etcd's {@code client/v3/concurrency}; candidates of one session share a place in the queue
 * while they wait, and each leadership has a claim of its own.
 */
public interface LeaderElection {
    /**
     * An election of a name. Costs nothing; equal names are one election, and share their queue with a mutex of that
     * name.
     *
     * @param session what candidacy and leadership are bound to
     * @param name segments with single slashes between them, such as {@code reports/leader}; must not nest with a name
     *     that this process uses at the same time
     * @return the election
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes
     */
    static LeaderElection create(Session session, String name) {
        return new EtcdLeaderElection(session, name);
    }

    /**
     * A candidate for as long as its loop is open, whatever becomes of its sessions: {@code LeaderElection.create(sessions,
     * "reports/leader").run(task)} runs the task whenever this process leads.
     *
     * @param sessions where the loop gets its sessions; stays the caller's to close, after the loop
     * @param name as in {@link #create(Session, String)}
     * @return a builder with the defaults
     * @throws IllegalArgumentException as {@link #create(Session, String)}
     */
    static LeaderLoop.Builder create(SessionFactory sessions, String name) {
        return new EtcdLeaderLoopBuilder(sessions, name);
    }

    /**
     * The name of this election.
     *
     * @return as it was given
     */
    String name();

    /**
     * The same election with a priority for those who campaign by it. While candidates wait, those of this library step back
     * for one of a higher priority: they queue again, behind everybody. Nobody is elected out of order; a Go program or {@code
     * etcdctl} does not step back, and so keeps those before it where they are. A leader stays until it resigns, whatever its
     * priority. Among candidates of one session the one with the highest priority is next, and speaks for all of them.
     *
     * @param priority 0 or more, higher first; 0 is that of an election as it is created. Candidates of a low priority may wait
     *     for ever while others of a higher one come
     * @return another view of this election; this one is not changed
     * @throws IllegalArgumentException if negative
     */
    LeaderElection withPriority(int priority);

    /**
     * Waits until elected.
     *
     * @param value what others are to read of the leader, such as its address; not empty
     * @return the leadership, to be closed
     * @throws InterruptedException if interrupted before or while waiting; a leadership that comes at the same moment is
     *     returned instead, with the interrupt flag set
     * @throws dev.consort.core.SessionLostException if the session is or becomes lost or closed
     */
    Leadership campaign(String value) throws InterruptedException;

    /**
     * Waits until elected, up to a timeout.
     *
     * @param value as in {@link #campaign(String)}
     * @param timeout zero or less: only if nobody leads or waits now
     * @return empty if the timeout came first; the candidacy is then withdrawn
     * @throws InterruptedException as {@link #campaign(String)}
     * @throws dev.consort.core.SessionLostException if the session is or becomes lost or closed
     */
    Optional<Leadership> campaign(String value, Duration timeout) throws InterruptedException;

    /**
     * Campaigns without blocking. However the returned future is completed by somebody else (cancelled, timed out,
     * completed), the candidacy is withdrawn, or the leadership resigned if it had come. Cancelling a stage that
     * depends on it does not do that.
     *
     * @param value as in {@link #campaign(String)}
     * @return completes on the session's executor
     */
    CompletableFuture<Leadership> campaignAsync(String value);

    /**
     * Who leads, as etcd says now; also a leader that is a Go program or {@code etcdctl}.
     *
     * @return empty if nobody does
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    Optional<Leader> leader();

    /**
     * Who takes part, as etcd says now: the leader first, then those who wait, in the order in which they will lead unless
     * some step back. Candidates of one session wait as one.
     *
     * @return nobody if it is empty
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    List<Leader> participants();

    /**
     * Reports who leads, from now on until the observation is closed: at once, and then each leader in the order of their
     * terms, each value that it proclaims, and when nobody leads. Also leaders that are Go programs or {@code etcdctl}.
     * All observers of a name on one connection cost one watch.
     *
     * <p><b>Guarantees.</b> No report goes back: their terms rise, and within a term the values come in the order in which
     * they were proclaimed. None is left out while the connection stands or is back before etcd has compacted what was
     * missed, and the listener is not more than 1,024 changes behind; after that the first report is of the leader then.
     *
     * <p><b>Not guaranteed.</b> That the leader reported still leads when the listener learns of it. While etcd is out of
     * reach nothing is reported, and never that nobody leads for that reason. After a restore of etcd from a backup, terms
     * may begin anew.
     *
     * <p><b>When the session is lost</b> nothing changes: observing needs its connection only.
     *
     * @param listener told on the session's executor, one report at a time; what it throws is logged, and the next report
     *     comes all the same
     * @return to be closed
     * @throws IllegalStateException if the connection is closed
     */
    Observation observe(Consumer<? super Optional<Leader>> listener);

    /**
     * Observes an election without a session; like {@link #observe(Consumer)} otherwise.
     *
     * @param connection what to observe by
     * @param name as in {@link #create(Session, String)}
     * @param listener told on threads of the connection
     * @return to be closed
     * @throws IllegalArgumentException as {@link #create(Session, String)}
     * @throws IllegalStateException if the connection is closed
     */
    static Observation observe(Connection connection, String name, Consumer<? super Optional<Leader>> listener) {
        return EtcdLeaderElection.observe(connection, name, listener);
    }

    /**
     * A leader as others see it; or one who waits to be one.
     *
     * @param value its proposal
     * @param term the create revision of its claim; a candidate of a session that has several will lead with a later one
     * @param key its claim's key in etcd
     * @param leaseId the lease it is bound to
     */
    record Leader(String value, long term, String key, long leaseId) {}
}
