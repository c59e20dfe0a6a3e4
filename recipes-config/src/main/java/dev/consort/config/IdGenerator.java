/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Connection;
import java.util.concurrent.CompletableFuture;

/**
 * Numbers of which each is given out once, over all processes and for ever. A process reserves a block of them in etcd before it
 * uses any, and then gives them out without asking. One instance serves all threads of a process; each has blocks of its own.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, and need not be closed.
 *
 * <p><b>Guarantees.</b> No number twice, also when a process dies or an answer is lost: a block whose reservation is unknown is
 * not used. The numbers of one instance increase. All are positive.
 *
 * <p><b>Not guaranteed.</b> That there are no gaps: what a process has not used when it ends is lost. An order between processes.
 */
public interface IdGenerator {
    /**
     * A generator that reserves a block when it has no number left.
     *
     * @param connection an open connection
     * @param name the key: segments with single slashes between them, such as {@code orders/id}
     * @param blockSize how many numbers to reserve at once, 1 to 1,000,000: a commit for so many, and so many lost when the
     *     process ends. It may differ between processes
     * @return the generator
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes, or {@code blockSize} is out of range
     */
    static IdGenerator create(Connection connection, String name, int blockSize) {
        return new EtcdIdGenerator(connection, name, blockSize, false);
    }

    /**
     * A generator that reserves the next block when half of a block is left, so that callers seldom wait.
     *
     * @param connection an open connection
     * @param name as in {@link #create}
     * @param blockSize as in {@link #create}
     * @return the generator
     * @throws IllegalArgumentException as {@link #create}
     */
    static IdGenerator prefetching(Connection connection, String name, int blockSize) {
        return new EtcdIdGenerator(connection, name, blockSize, true);
    }

    /**
     * The key.
     *
     * @return as it was given
     */
    String name();

    /**
     * Gives out a number. Costs no request unless a block is to be reserved; then bounded by the request timeout. Keeps the
     * interrupt flag.
     *
     * @return one that nobody else was given or will be
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not confirm a block; it is not used, so call again
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     * @throws dev.consort.core.RecipeException if the numbers are used up, etcd refuses it, or the key holds something else
     * @throws IllegalArgumentException if the name is below one that another recipe of this connection uses now
     */
    long next();

    /**
     * {@link #next} without blocking. A number that comes after the future was completed by somebody else is lost.
     *
     * @return completes on the connection's executor, or at once
     */
    CompletableFuture<Long> nextAsync();
}
