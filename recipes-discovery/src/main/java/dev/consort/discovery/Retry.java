/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Calls that are tried again when they fail. Thread-safe.
 *
 * <p><b>Guarantees.</b> Each attempt asks the balancer anew; that it has no endpoint is an attempt that has failed. There is no
 * pause between attempts, and one deadline over all of them, at which the caller goes on whatever the call does.
 *
 * <p><b>Not guaranteed.</b> That a call which failed, or came too late, has had no effect: retry what may be done twice only.
 * That the attempt which was going on at the deadline ends: its thread is interrupted, or its future cancelled, and no further
 * one begins.
 *
 * @param <E> what calls are made by
 */
public interface Retry<E> {
    /**
     * A number of attempts.
     *
     * @param max attempts in all, 1 or more
     * @param timeout over all of them; positive
     * @param balancer asked at each attempt
     * @param <E> what calls are made by
     * @return makes calls
     * @throws IllegalArgumentException if max or timeout cannot be used
     */
    static <E> Retry<E> of(int max, Duration timeout, Balancer<E> balancer) {
        if (max < 1) {
            throw new IllegalArgumentException("max is " + max + ": give 1 attempt or more");
        }
        return withCallback(
                timeout,
                balancer,
                (attempt, error) ->
                        attempt < max ? RetryCallback.Decision.tryAgain() : RetryCallback.Decision.giveUp());
    }

    /**
     * As many attempts as there is time for, one right after the other: while no endpoint is there that is as many as the processor
     * can do.
     *
     * @param timeout as in {@link #of}
     * @param balancer as in {@link #of}
     * @param <E> what calls are made by
     * @return makes calls
     * @throws IllegalArgumentException if the timeout cannot be used
     */
    static <E> Retry<E> untilTimeout(Duration timeout, Balancer<E> balancer) {
        return withCallback(timeout, balancer, (attempt, error) -> RetryCallback.Decision.tryAgain());
    }

    /**
     * As many attempts as the user's code says.
     *
     * @param timeout as in {@link #of}
     * @param balancer as in {@link #of}
     * @param callback asked after each failure; what it throws ends the attempts, and is the final error
     * @param <E> what calls are made by
     * @return makes calls
     * @throws IllegalArgumentException if the timeout cannot be used
     */
    static <E> Retry<E> withCallback(Duration timeout, Balancer<E> balancer, RetryCallback callback) {
        return new BalancedRetry<>(timeout, balancer, callback, RetryThreads.EXECUTOR);
    }

    /**
     * The same, with attempts on other threads. Without this they run on daemon threads of this class's own, one for each call
     * that goes on, which end when they have been idle for ten seconds.
     *
     * @param executor runs attempts, and completes futures; with threads that do not wait for these calls
     * @return another one
     */
    Retry<E> executor(Executor executor);

    /**
     * Calls until an attempt succeeds.
     *
     * @param call one attempt; interrupted at the deadline
     * @param <T> what it answers
     * @return the answer
     * @throws RetryException if the last attempt that was allowed has failed
     * @throws TimeoutException if the deadline is over; its message begins with {@code context deadline exceeded}
     * @throws InterruptedException if interrupted meanwhile; so is the attempt
     */
    <T> T call(EndpointCall<? super E, ? extends T, ? extends Exception> call)
            throws InterruptedException, TimeoutException;

    /**
     * The same without blocking. To complete the future otherwise, or to cancel it, ends the attempts.
     *
     * @param call begins one attempt, on the executor
     * @param <T> what it answers
     * @return completes on the executor; fails with the same exceptions
     */
    <T> CompletableFuture<T> callAsync(Function<? super E, ? extends CompletionStage<T>> call);
}
