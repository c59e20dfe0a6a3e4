/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Software transactional memory: code that reads and writes several keys of etcd as if it were alone.
 *
 * <pre>{@code
 * long left = Stm.run(connection, tx -> {
 *     long stock = tx.get("stock/bolts").map(Long::parseLong).orElse(0L);
 *     tx.put("stock/bolts", Long.toString(stock - 3));
 *     return stock - 3;
 * });
 * }</pre>
 *
 * <p>The code runs without a lock. Then what it wrote is committed in one transaction of etcd, if nothing came between that
 * the {@link Isolation} does not allow; else the code runs again. So it may run several times, and must do nothing else that
 * lasts. No lease and no session is needed by the keys, and other clients may use them; Go's {@code concurrency.NewSTM} does
 * the same in the same way.
 *
 * <p>This interface is not for users to implement. Its instances are immutable and thread-safe.
 *
 * <p><b>Guarantees.</b> A transaction is applied whole and once, or not at all, also when answers of etcd are lost. Nothing is
 * written when the code throws; its exception passes unchanged. At the serializable levels the order of transactions
 * agrees with time: one that begins after another has returned sees what it wrote.
 *
 * <p><b>Not guaranteed.</b> That the code runs once, or that an attempt which is going to be run again has no effect outside etcd.
 * Fairness: a long transaction may find others between in each of its attempts. Anything across a restore of etcd from a
 * backup whose revision was not raised.
 */
public interface Stm {
    /** How often a transaction is tried unless told otherwise. */
    int DEFAULT_MAX_ATTEMPTS = 50;

    /**
     * Runs a transaction at {@link Isolation#SERIALIZABLE_SNAPSHOT}.
     *
     * @param connection an open connection
     * @param body what to do; runs on this thread, again on a conflict
     * @param <T> what it returns
     * @param <X> what it throws
     * @return what the body returned in the attempt that was committed
     * @throws InterruptedException as {@link #run(Body)}
     * @throws X if the body throws it
     */
    static <T extends @Nullable Object, X extends Exception> T run(Connection connection, Body<T, X> body)
            throws InterruptedException, X {
        return on(connection).run(body);
    }

    /**
     * Runs a transaction.
     *
     * @param connection an open connection
     * @param isolation how much it may see of others
     * @param body what to do; runs on this thread, again on a conflict
     * @param <T> what it returns
     * @param <X> what it throws
     * @return what the body returned in the attempt that was committed
     * @throws InterruptedException as {@link #run(Body)}
     * @throws X if the body throws it
     */
    static <T extends @Nullable Object, X extends Exception> T run(
            Connection connection, Isolation isolation, Body<T, X> body) throws InterruptedException, X {
        return on(connection).isolation(isolation).run(body);
    }

    /**
     * Transactions on a connection with the defaults: {@link Isolation#SERIALIZABLE_SNAPSHOT}, {@value #DEFAULT_MAX_ATTEMPTS}
     * attempts, nothing prefetched.
     *
     * @param connection an open connection
     * @return transactions, for any number of threads
     */
    static Stm on(Connection connection) {
        return EtcdStm.on(connection);
    }

    /**
     * The same at another level.
     *
     * @param isolation how much a transaction may see of others
     * @return transactions of that level
     */
    Stm isolation(Isolation isolation);

    /**
     * The same with another bound. The second attempt follows at once, those after it each after a random pause of up to 2 ms,
     * 4 ms and so on to 250 ms.
     *
     * @param attempts 1 or more
     * @return transactions that are tried so often
     * @throws IllegalArgumentException if less than 1
     */
    Stm maxAttempts(int attempts);

    /**
     * The same with keys that are read together, in one request, before the body runs.
     *
     * @param keys plain keys, at most 128
     * @return transactions that begin so
     * @throws IllegalArgumentException as {@link Transaction} refuses keys
     */
    Stm prefetch(String... keys);

    /**
     * The same with another place where {@link #runAsync} runs the body and completes its futures.
     *
     * @param executor stays the caller's to shut down; by default four daemon threads of the connection
     * @return transactions that run there
     */
    Stm executor(Executor executor);

    /**
     * Runs a transaction. Bounded by the attempts; each request of an attempt by the request timeout.
     *
     * @param body what to do; runs on this thread, again on a conflict
     * @param <T> what it returns
     * @param <X> what it throws
     * @return what the body returned in the attempt that was committed
     * @throws InterruptedException if interrupted before the commit was sent, in the body's reads or between attempts:
     *     nothing was written. An interrupt that comes later waits for the commit's outcome, at most for the request timeout, and
     *     leaves the interrupt flag set
     * @throws X if the body throws it
     * @throws TransactionConflictException if others came between in each attempt
     * @throws TransactionTooLargeException if it is more than etcd takes at once
     * @throws OutcomeUnknownException if the connection was lost during the commit, and did not come back within the request
     *     timeout: it was applied once, or never will be
     * @throws EtcdUnavailableException if etcd did not answer a read
     * @throws RecipeException if etcd refused a request
     */
    <T extends @Nullable Object, X extends Exception> T run(Body<T, X> body) throws InterruptedException, X;

    /**
     * Runs a transaction as {@link #run(Body)}, and says when it took effect.
     *
     * @param body what to do; runs on this thread, again on a conflict
     * @param <T> what it returns
     * @param <X> what it throws
     * @return what the body returned in the attempt that was committed, and that attempt's revision
     * @throws InterruptedException as {@link #run(Body)}
     * @throws X if the body throws it
     */
    <T extends @Nullable Object, X extends Exception> Committed<T> runCommitted(Body<T, X> body)
            throws InterruptedException, X;

    /**
     * Runs a transaction that returns nothing, as {@link #run(Body)}.
     *
     * @param body what to do; runs on this thread, again on a conflict
     * @param <X> what it throws
     * @throws InterruptedException as {@link #run(Body)}
     * @throws X if the body throws it
     */
    default <X extends Exception> void runWithoutResult(Action<X> body) throws InterruptedException, X {
        var unused = this.<Boolean, X>run(tx -> {
            body.run(tx);
            return true;
        });
    }

    /**
     * Runs a transaction without blocking the caller. The body runs on the executor, as do its reads, which block; waiting for
     * the commit and between attempts takes no thread. Cancelling the future, or completing it otherwise, ends the
     * attempts; a commit on its way may still be applied.
     *
     * @param body what to do; runs again on a conflict
     * @param <T> what it returns
     * @return what the body returned in the attempt that was committed; fails with what {@link #run(Body)} throws
     */
    <T extends @Nullable Object> CompletableFuture<T> runAsync(Body<T, ?> body);

    /**
     * What a transaction does.
     *
     * @param <T> what it returns
     * @param <X> what it throws
     */
    @FunctionalInterface
    interface Body<T extends @Nullable Object, X extends Exception> {
        /**
         * Does it, once in each attempt.
         *
         * @param tx reads and writes; of no use after this method has returned
         * @return any result
         * @throws X if it fails: nothing is written, and nothing tried again
         */
        T run(Transaction tx) throws X;
    }

    /**
     * What a transaction without a result does.
     *
     * @param <X> what it throws
     */
    @FunctionalInterface
    interface Action<X extends Exception> {
        /**
         * Does it, once in each attempt.
         *
         * @param tx reads and writes; of no use after this method has returned
         * @throws X if it fails: nothing is written, and nothing tried again
         */
        void run(Transaction tx) throws X;
    }

    /**
     * A transaction that was committed.
     *
     * @param result what its body returned
     * @param revision of etcd: that at which it was written, for one that wrote nothing the last one that it read; 0 if it did
     *     neither
     * @param attempts how often it was tried
     * @param <T> what its body returned
     */
    record Committed<T extends @Nullable Object>(T result, long revision, int attempts) {}
}
