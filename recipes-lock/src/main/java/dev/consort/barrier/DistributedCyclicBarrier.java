/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.Session;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/**
 * A point where a fixed number of parties, threads of whatever processes, wait for each other, again and again: {@link
 * java.util.concurrent.CyclicBarrier} between processes. Thread-safe.
 *
 * <p><b>Guarantees.</b> No party of a generation passes before all have come. All of them get the same verdict: the
 * generation was tripped, in one transaction that sees every one of them alive, or it is broken. A party that gives up
 * (timeout, interrupt, cancel) or whose session ends breaks it for all, the latter at the latest when its lease ends. Who is
 * told that it passed, or that it is broken, is told the truth, however requests and answers were lost, late or doubled.
 * The action runs once in a generation, by the party that completes it, before any of the others is let go.
 *
 * <p><b>Not guaranteed.</b> That the action did not run when the generation is broken: it may be broken meanwhile. That the
 * parties are let go at the same instant.
 *
 * <p><b>When the session is lost</b> its parties fail with {@link dev.consort.core.SessionLostException}, and the others
 * with {@link BrokenBarrierException}.
 *
 * <p>A broken barrier stays broken until somebody calls {@link #reset()}, as in java.util.concurrent.
 */
public interface DistributedCyclicBarrier {
    /**
     * A barrier of a name. Costs nothing; any number for the same name are the same barrier. It is made in etcd by the first
     * party that comes.
     *
     * @param session what the parties of this process are bound to
     * @param name segments with single slashes between them, such as {@code import/step}; must not nest with a name that
     *     this process uses at the same time
     * @param parties how many must come, 1 to 120; the same number in all processes
     * @return the barrier
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes, or if the number is out of range
     */
    static DistributedCyclicBarrier create(Session session, String name, int parties) {
        return new EtcdCyclicBarrier(session, name, parties, null);
    }

    /**
     * A barrier with an action.
     *
     * @param session as in {@link #create(Session, String, int)}
     * @param name as in {@link #create(Session, String, int)}
     * @param parties as in {@link #create(Session, String, int)}
     * @param action run by the party that completes a generation of the barrier if that one was made with an action: on the
     *     thread that waits, or on the session's executor for {@link #awaitAsync()}. If it throws, the generation is broken,
     *     and the party gets what it threw.
     * @return the barrier
     * @throws IllegalArgumentException as {@link #create(Session, String, int)}
     */
    static DistributedCyclicBarrier create(Session session, String name, int parties, Runnable action) {
        return new EtcdCyclicBarrier(session, name, parties, Objects.requireNonNull(action, "action"));
    }

    /**
     * The name of this barrier.
     *
     * @return as it was given
     */
    String name();

    /**
     * How many must come.
     *
     * @return as it was given
     */
    int parties();

    /**
     * Comes, and waits until all have come.
     *
     * @return how many were still to come: {@code parties() - 1} for the first, 0 for the last one
     * @throws InterruptedException if interrupted before or while waiting, which breaks the barrier. If it was tripped first
     *     this returns instead, with the interrupt flag set. Where etcd does not say within 200 ms which came first, this is
     *     thrown all the same.
     * @throws BrokenBarrierException if the barrier is or becomes broken, is reset or deleted meanwhile; the message says by
     *     whom and why
     * @throws dev.consort.core.SessionLostException if the session is or becomes lost or closed
     * @throws dev.consort.core.RecipeException if the barrier has another number of parties, or etcd refuses it
     * @throws dev.consort.core.OutcomeUnknownException if etcd was out of reach for so long that nothing tells any more how
     *     the generation ended
     */
    int await() throws InterruptedException, BrokenBarrierException;

    /**
     * Comes, and waits until all have come, up to a timeout.
     *
     * @param timeout zero or less: passes only if it is the last to come
     * @return as {@link #await()}
     * @throws InterruptedException as {@link #await()}
     * @throws BrokenBarrierException as {@link #await()}
     * @throws TimeoutException if the timeout came first, which breaks the barrier, unless etcd was out of reach all the time
     * @throws dev.consort.core.OutcomeUnknownException as {@link #await()}; also if the timeout came and etcd does not say
     *     within 200 ms whether the barrier was tripped first
     * @throws dev.consort.core.SessionLostException as {@link #await()}
     * @throws dev.consort.core.EtcdUnavailableException if the timeout is zero or less and etcd does not answer within the
     *     request timeout
     */
    int await(Duration timeout) throws InterruptedException, BrokenBarrierException, TimeoutException;

    /**
     * Comes, without blocking. However the returned future is completed by somebody else (cancelled, timed out by {@code
     * orTimeout}, completed), that breaks the barrier unless it was tripped first. Cancelling a stage that depends on it does
     * not do that.
     *
     * @return completes on the session's executor, with the value or the exceptions of {@link #await()}
     */
    CompletableFuture<Integer> awaitAsync();

    /**
     * Begins another generation, whatever the present one is: open with nobody waiting, open with some who wait, who get a
     * {@link BrokenBarrierException}, or broken.
     *
     * @throws dev.consort.core.OutcomeUnknownException if etcd does not confirm it within the request timeout
     */
    void reset();

    /**
     * Removes the barrier from etcd, where it leaves one key otherwise. Who waits gets a {@link BrokenBarrierException}; who
     * comes makes it anew. A request to make it that
     * strayed on its way may land after the deletion: then it is there again, with nobody at it.
     *
     * @throws dev.consort.core.OutcomeUnknownException if etcd does not confirm it within the request timeout
     */
    void delete();

    /**
     * Whether it is broken, as etcd says now.
     *
     * @return true from the break to the next {@link #reset()}
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    boolean isBroken();

    /**
     * How many wait, as etcd says now.
     *
     * @return 0 if nobody does, or if it is broken
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    int waiting();
}
