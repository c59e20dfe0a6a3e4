/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.Session;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Lets a fixed number of members, threads of whatever processes, begin something together and end it together: they enter
 * when all have come, and have left when all have left. Round follows round. Thread-safe.
 *
 * <p><b>Guarantees.</b> The members of a round enter all together, by one transaction that sees every one of them alive, or
 * none of them: a timeout that comes after it is told that it has entered. Nobody joins a round that is inside; who comes
 * meanwhile waits for the next one, in the order of coming. A member that has left or died is not waited for when the others
 * leave, so nobody waits for it longer than until its lease ends.
 *
 * <p><b>Not guaranteed.</b> That a round has all its members to its end: they may die inside. That the members are let
 * in or out at the same instant.
 *
 * <p><b>When the session is lost</b> its members are out: who waits to enter or to leave fails with {@link
 * dev.consort.core.SessionLostException}; the others go on.
 *
 * <p>As in the recipe of ZooKeeper and etcd, with a mark for each round, which those lack.
 */
public interface DoubleBarrier {
    /**
     * A double barrier of a name. Costs nothing; any number for the same name are the same barrier. It is made in etcd by the
     * first member that comes.
     *
     * @param session what the members of this process are bound to
     * @param name segments with single slashes between them, such as {@code import/step}; must not nest with a name that
     *     this process uses at the same time
     * @param members how many make a round, 1 to 120; the same number in all processes
     * @return the barrier
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes, or if the number is out of range
     */
    static DoubleBarrier create(Session session, String name, int members) {
        return new EtcdDoubleBarrier(session, name, members);
    }

    /**
     * The name of this barrier.
     *
     * @return as it was given
     */
    String name();

    /**
     * How many make a round.
     *
     * @return as it was given
     */
    int members();

    /**
     * Comes, and waits until all have come.
     *
     * @return being inside, to be left
     * @throws InterruptedException if interrupted before or while waiting; the member is then withdrawn. If the round had
     *     entered first, this returns instead, with the interrupt flag set. Where etcd does not say within 200 ms which came
     *     first, this is thrown all the same, and the member leaves as soon as etcd answers.
     * @throws dev.consort.core.SessionLostException if the session is or becomes lost or closed
     * @throws dev.consort.core.RecipeException if the barrier has another number of members, is deleted meanwhile, or etcd
     *     refuses it
     */
    Stay enter() throws InterruptedException;

    /**
     * Comes, and waits until all have come, up to a timeout.
     *
     * @param timeout zero or less: enters only if it is the last to come
     * @return empty if the timeout came first, and then no other of the round enters with this one
     * @throws InterruptedException as {@link #enter()}
     * @throws dev.consort.core.OutcomeUnknownException if the timeout came and etcd does not say within 200 ms whether the
     *     round had entered first; the member leaves as soon as etcd answers
     * @throws dev.consort.core.SessionLostException as {@link #enter()}
     * @throws dev.consort.core.EtcdUnavailableException if the timeout is zero or less and etcd does not answer within the
     *     request timeout
     */
    Optional<Stay> enter(Duration timeout) throws InterruptedException;

    /**
     * Comes, without blocking. However the returned future is completed by somebody else, the member is withdrawn, or
     * leaves if it had entered. Cancelling a stage that depends on it does not do that.
     *
     * @return completes on the session's executor, with the value or the exceptions of {@link #enter()}
     */
    CompletableFuture<Stay> enterAsync();

    /**
     * How many are inside, as etcd says now.
     *
     * @return those of the present round who have neither left nor died
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    int inside();

    /**
     * How many wait to enter, as etcd says now.
     *
     * @return those who belong to no round yet
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    int waiting();

    /**
     * Removes the barrier from etcd, where it leaves one key otherwise. Who waits to enter fails with a {@link
     * dev.consort.core.RecipeException}, who is inside leaves without waiting; who comes makes it anew. A request to make it that
     * strayed on its way may land after the deletion: then it is there again, with nobody at it.
     *
     * @throws dev.consort.core.OutcomeUnknownException if etcd does not confirm it within the request timeout
     */
    void delete();

    /** Being inside. Usable from any thread; leaving twice is leaving once. */
    interface Stay extends AutoCloseable {
        /**
         * The number of the round.
         *
         * @return greater than that of every earlier round, unless the barrier was deleted meanwhile
         */
        long round();

        /**
         * Leaves, and waits until all others of the round have left or died.
         *
         * @throws InterruptedException if interrupted before, and then it has not left, or while waiting for others
         * @throws dev.consort.core.SessionLostException if the session is or becomes lost or closed
         */
        void leave() throws InterruptedException;

        /**
         * Leaves, and waits until all others of the round have left or died, up to a timeout.
         *
         * @param timeout zero or less: does not wait for others, of whom a view may be a moment behind
         * @return false if the timeout came first; this one has left all the same
         * @throws InterruptedException as {@link #leave()}
         * @throws dev.consort.core.SessionLostException as {@link #leave()}
         */
        boolean leave(Duration timeout) throws InterruptedException;

        /**
         * Leaves, without blocking.
         *
         * @return completes on the session's executor when all others have left or died; to complete it otherwise ends the
         *     wait, not the leaving
         */
        CompletableFuture<Void> leaveAsync();

        /**
         * Leaves without waiting for others. Bounded by the request timeout; keeps the interrupt flag; does not throw, but
         * logs.
         */
        @Override
        void close();
    }
}
