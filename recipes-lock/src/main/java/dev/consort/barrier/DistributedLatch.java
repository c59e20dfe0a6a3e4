/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.Connection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Waits until a number of things have been done, by whatever processes: {@link java.util.concurrent.CountDownLatch} between
 * processes. Each thing has an id, so that one that is done again, or told again, counts once. Thread-safe.
 *
 * <p><b>Guarantees.</b> Nobody passes before as many ids as its count have been counted; everybody passes after that, also who
 * comes later, or is another process. What was counted stays counted when its counter dies, and is never counted twice.
 *
 * <p><b>Not guaranteed.</b> That who counts down will come: bind that to something with a session, or wait with a timeout. Its
 * keys stay in etcd until {@link #delete()}.
 *
 * <p><b>When the session is lost</b> nothing changes: it needs a connection only, and waits on while etcd is out of reach.
 */
public interface DistributedLatch {
    /**
     * A latch of a name. Costs nothing; any number for the same name are the same latch. It is made in etcd, with this count,
     * by the first that counts down or waits.
     *
     * @param connection what to reach it by; {@code session.connection()} will do
     * @param name segments with single slashes between them, such as {@code import/loaded}; must not nest with a name that
     *     this process uses at the same time
     * @param count how many ids must be counted, 0 to 1,000,000; the same in all processes
     * @return the latch
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes, or if the count is out of range
     */
    static DistributedLatch create(Connection connection, String name, int count) {
        return new EtcdLatch(connection, name, count);
    }

    /**
     * The name of this latch.
     *
     * @return as it was given
     */
    String name();

    /**
     * Counts one down. Bounded by the request timeout; keeps the interrupt flag.
     *
     * @param id what was done, 1 to 1,024 characters; counts once, however often and by whom it is counted
     * @return false if it had been counted before
     * @throws dev.consort.core.OutcomeUnknownException if etcd does not confirm it within the request timeout: count the same
     *     id again
     * @throws dev.consort.core.RecipeException if the latch was made with another count, or etcd refuses it
     * @throws IllegalArgumentException if the id is empty or too long
     */
    boolean countDown(String id);

    /**
     * Counts one down without blocking; like {@link #countDown(String)} otherwise, but without a bound.
     *
     * @param id as in {@link #countDown(String)}
     * @return completes on a thread of the connection when etcd has confirmed
     */
    CompletableFuture<Boolean> countDownAsync(String id);

    /**
     * Waits until as many as its count have been counted.
     *
     * @throws InterruptedException if interrupted before or while waiting
     * @throws dev.consort.core.RecipeException if the latch was made with another count, is deleted meanwhile, or etcd refuses
     *     it; also if the connection is closed
     * @throws IllegalStateException if the connection was closed before
     */
    void await() throws InterruptedException;

    /**
     * Waits until as many as its count have been counted, up to a timeout.
     *
     * @param timeout zero or less: does not wait
     * @return false if the timeout came first
     * @throws InterruptedException as {@link #await()}
     * @throws dev.consort.core.RecipeException as {@link #await()}
     * @throws dev.consort.core.EtcdUnavailableException if the timeout is zero or less and etcd does not answer within the
     *     request timeout
     */
    boolean await(Duration timeout) throws InterruptedException;

    /**
     * Waits without blocking. To complete the returned future otherwise ends the wait.
     *
     * @return completes on a thread of the connection
     */
    CompletableFuture<Void> awaitAsync();

    /**
     * How many are left to be counted, as etcd says now.
     *
     * @return its count if it was not made yet; 0 when it is open
     * @throws dev.consort.core.RecipeException if etcd cannot be read, or the latch was made with another count
     */
    int count();

    /**
     * Removes the latch from etcd, with all that was counted. Who waits fails; who uses it later makes it anew. So delete it when
     * all who use it are done: nobody is told that he is before what he sent to make it was answered. What cannot be excluded is
     * that a request which strayed on its way lands after the deletion: one that was sent again for want of an answer, that the
     * network repeated, or whose sender waits no longer or has died. Then the latch is there again, with nothing counted; delete
     * it again, or give the next one another name.
     *
     * @throws dev.consort.core.OutcomeUnknownException if etcd does not confirm it within the request timeout
     */
    void delete();
}
