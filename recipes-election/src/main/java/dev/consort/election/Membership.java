/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.OneSession;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Who is in a group: processes join it under an id, with a value that others read, and everybody may list and observe them.
 * Thread-safe.
 *
 * <p><b>Guarantees.</b> An id is that of one live process at any time in etcd: another one that wants it is refused, and
 * told who has it. Who joins is a member only after etcd has confirmed it. Members that die are gone within their session's
 * TTL. Observers are told every change in order.
 *
 * <p><b>Not guaranteed.</b> That a member which others see is alive: it may have died up to a TTL ago. That a member which
 * was paused for longer than its TTL notices before another process joins under its id: where only one may do something,
 * use a {@link LeaderElection} or a lock.
 *
 * <p><b>When the session is lost</b> a member of a {@linkplain #create(SessionFactory, String) session factory} joins
 * again under its id with the next session, and one of a {@linkplain #create(Session, String) session} has left.
 */
public interface Membership {
    /**
     * A group whose members of this process stay members whatever becomes of their sessions. Costs nothing.
     *
     * @param sessions where members get their sessions; stays the caller's to close, after the members
     * @param group segments with single slashes between them, such as {@code reports/workers}; must not nest with a
     *     name that this process uses at the same time
     * @return the group
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes
     */
    static Membership create(SessionFactory sessions, String group) {
        return new EtcdMembership(sessions, group, true);
    }

    /**
     * A group whose members of this process are members as long as the session lives. Costs nothing.
     *
     * @param session what members are bound to
     * @param group as in {@link #create(SessionFactory, String)}
     * @return the group
     * @throws IllegalArgumentException as {@link #create(SessionFactory, String)}
     */
    static Membership create(Session session, String group) {
        return new EtcdMembership(new OneSession(session), group, false);
    }

    /**
     * The name of this group.
     *
     * @return as it was given
     */
    String group();

    /**
     * Joins, unless another live process has the id.
     *
     * @param id of this member, the same after a restart if others are to know it again; 1 to 1,024 bytes of UTF-8 without
     *     a slash
     * @param value what others are to read of it, such as its address; up to 1 MiB of UTF-8, may be empty
     * @return its place in the group, to be closed
     * @throws MemberIdInUseException if another one is a member under this id; also one that died less than its TTL ago
     * @throws dev.consort.core.EtcdUnavailableException if etcd does not answer; nothing is left behind then
     * @throws dev.consort.core.SessionLostException if the session is, or is lost meanwhile
     * @throws InterruptedException if interrupted before or while waiting; nothing is left behind then
     * @throws IllegalStateException if the session factory is closed
     * @throws IllegalArgumentException if id or value cannot be used, or the group's name clashes with one in use
     */
    default Seat join(String id, String value) throws InterruptedException {
        return join(id, value, Duration.ZERO);
    }

    /**
     * Joins as soon as no other live process has the id: for a process that is started again before the session of the one
     * that died has ended.
     *
     * @param id as in {@link #join(String, String)}
     * @param value as in {@link #join(String, String)}
     * @param timeout how long to wait for the id, etcd's answer included; zero or less: for the answer only. A TTL and a
     *     second are enough for one that died. Opening a session comes on top
     * @return its place in the group, to be closed
     * @throws MemberIdInUseException if another one is still a member under this id
     * @throws dev.consort.core.EtcdUnavailableException as {@link #join(String, String)}
     * @throws dev.consort.core.SessionLostException as {@link #join(String, String)}
     * @throws InterruptedException as {@link #join(String, String)}
     * @throws IllegalStateException as {@link #join(String, String)}
     * @throws IllegalArgumentException as {@link #join(String, String)}
     */
    Seat join(String id, String value, Duration timeout) throws InterruptedException;

    /**
     * Who is in the group, as etcd says now. Keeps the interrupt flag.
     *
     * @return the members, who joined first comes first
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    List<Member> members();

    /**
     * Who is in a group, by a connection only; like {@link #members()} otherwise.
     *
     * @param connection what to read by
     * @param group as in {@link #create(SessionFactory, String)}
     * @return the members, who joined first comes first
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     * @throws IllegalArgumentException as {@link #create(SessionFactory, String)}
     */
    static List<Member> members(Connection connection, String group) {
        return EtcdMembership.members(connection, group);
    }

    /**
     * Reports who is in the group, from now on until the observation is closed: at once, and then after each change. All
     * observers of a group on one connection cost one watch.
     *
     * <p><b>Guarantees.</b> Reports come in the order of etcd's revisions, with all changes of a revision together. None
     * is left out while the connection stands or is back before etcd has compacted what was missed, and the listener is
     * not more than 1,024 changes behind; after that one report has all that is different from the one before.
     *
     * <p><b>Not guaranteed.</b> That a report is still true when the listener learns of it. While etcd is out of reach
     * nothing is reported, and never that a member has left for that reason.
     *
     * <p><b>When the session is lost</b> nothing changes: observing needs its connection only.
     *
     * @param listener told on the session's executor, one report at a time; what it throws is logged, and the next report
     *     comes all the same
     * @return to be closed
     * @throws IllegalStateException if the connection or the session factory is closed
     * @throws dev.consort.core.EtcdUnavailableException if the session factory must open a session and etcd does not answer
     */
    MembershipObservation observe(Consumer<? super Roster> listener);

    /**
     * Observes a group without a session; like {@link #observe(Consumer)} otherwise.
     *
     * @param connection what to observe by
     * @param group as in {@link #create(SessionFactory, String)}
     * @param listener told on threads of the connection
     * @return to be closed
     * @throws IllegalArgumentException as {@link #create(SessionFactory, String)}
     * @throws IllegalStateException if the connection is closed
     */
    static MembershipObservation observe(Connection connection, String group, Consumer<? super Roster> listener) {
        return EtcdMembership.observe(connection, group, listener);
    }

    /**
     * A member as others see it.
     *
     * @param id under which it joined
     * @param value what it tells of itself
     * @param joined the revision at which it joined, by which members are ordered; the same as long as it stays, and where it
     *     came back with another session before the former one had ended
     * @param leaseId the lease of its session
     */
    record Member(String id, String value, long joined, long leaseId) {}

    /**
     * What became of a member.
     *
     * @param kind what happened
     * @param member as it is then; one that left as it was before
     */
    record Change(Kind kind, Member member) {
        /** What can happen to a member. */
        public enum Kind {
            /** It is there, and was not before, or left meanwhile. */
            JOINED,
            /** It has another value or another session. */
            CHANGED,
            /** It is not there any more: it left or died. */
            LEFT
        }
    }

    /**
     * A group at a revision, and what is different from the report before.
     *
     * @param revision of etcd
     * @param members who is in the group, who joined first comes first; not to be changed
     * @param changes since the report before, those that left first; in the first report everybody has joined. Not to be
     *     changed
     */
    record Roster(long revision, List<Member> members, List<Change> changes) {}
}
