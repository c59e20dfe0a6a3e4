/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Connection;
import java.util.concurrent.CompletableFuture;

/**
 * A number that all processes add to: one key of etcd, whose value is the number as decimal text. Absent, it is zero. What many
 * threads add through one instance at the same time goes into one commit, and each is told a result of its own: so share it.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, and need not be closed.
 *
 * <p><b>Guarantees.</b> All of it is linearizable over all processes. What is added is added once, however often it has to be
 * sent, and its outcome is found out; if that cannot be, it fails with {@link dev.consort.core.OutcomeUnknownException}.
 *
 * <p><b>Not guaranteed.</b> An order among those who call at the same time.
 */
public interface AtomicCounter {
    /**
     * The counter of a name.
     *
     * @param connection an open connection
     * @param name the key: segments with single slashes between them, such as {@code orders/count}; must not be below that
     *     of a lock or another recipe
     * @return the counter
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes
     */
    static AtomicCounter create(Connection connection, String name) {
        return new EtcdCounter(connection, "AtomicCounter", name);
    }

    /**
     * The key.
     *
     * @return as it was given
     */
    String name();

    /**
     * Reads it. Bounded by the request timeout, as all that follows; keeps the interrupt flag.
     *
     * @return the number; 0 if it is absent
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     * @throws dev.consort.core.RecipeException if etcd refuses it, or the key holds something else than a whole number
     */
    long get();

    /**
     * {@link #get} without blocking.
     *
     * @return completes on the connection's executor
     */
    CompletableFuture<Long> getAsync();

    /**
     * Adds one.
     *
     * @return the number with it
     * @throws dev.consort.core.OutcomeUnknownException as {@link #add}
     * @throws dev.consort.core.RecipeException as {@link #add}
     */
    default long increment() {
        return add(1);
    }

    /**
     * {@link #increment} without blocking.
     *
     * @return completes on the connection's executor
     */
    default CompletableFuture<Long> incrementAsync() {
        return addAsync(1);
    }

    /**
     * Adds a number.
     *
     * @param delta any, such as -1
     * @return the number with it
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout, so that it may have
     *     been added
     * @throws UpdateConflictException if other processes came between for the whole request timeout; nothing was added
     * @throws dev.consort.core.RecipeException if the number would be beyond the range of a {@code long}, and nothing was
     *     added; or as {@link #get}
     * @throws IllegalArgumentException if the name is below one that another recipe of this connection uses now
     */
    long add(long delta);

    /**
     * {@link #add} without blocking.
     *
     * @param delta as there
     * @return completes on the connection's executor
     */
    CompletableFuture<Long> addAsync(long delta);

    /**
     * Sets it if it is what is expected.
     *
     * @param expected 0 also stands for absent
     * @param value what to set
     * @return whether it was that, and has been set
     * @throws dev.consort.core.OutcomeUnknownException as {@link #add}
     * @throws dev.consort.core.RecipeException as {@link #add}
     */
    boolean compareAndSet(long expected, long value);

    /**
     * {@link #compareAndSet} without blocking.
     *
     * @param expected as there
     * @param value as there
     * @return completes on the connection's executor
     */
    CompletableFuture<Boolean> compareAndSetAsync(long expected, long value);
}
