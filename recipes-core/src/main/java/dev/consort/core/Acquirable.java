/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The ways to acquire something, the same for every recipe. Thread-safe. All of them queue fairly: in the order of
 * create revisions between processes, first come first served within one.
 *
 * <p>Each throws {@link SessionLostException} at once when the session is or becomes lost or closed,
 * {@link RecipeException} when etcd refuses the claim, and leaves no claim behind however it ends: what cannot be
 * removed at once is removed in the background, at the latest with the session.
 *
 * @param <G> what is granted
 */
public interface Acquirable<G extends Grant> {
    /**
     * Waits until granted.
     *
     * @return the grant, to be closed
     * @throws InterruptedException if interrupted before or while waiting; a grant that comes at the same moment is
     *     returned instead, with the interrupt flag set
     */
    G acquire() throws InterruptedException;

    /**
     * Takes it if it is free, without waiting for a holder; with etcd out of reach it waits for the request timeout.
     *
     * @return empty if somebody holds it or waits for it
     * @throws EtcdUnavailableException if etcd did not answer within the request timeout
     */
    Optional<G> tryAcquire();

    /**
     * Waits until granted, up to a timeout.
     *
     * @param timeout zero or less: as {@link #tryAcquire()}, but interruptible
     * @return empty if the timeout came first
     * @throws InterruptedException as {@link #acquire()}
     */
    Optional<G> tryAcquire(Duration timeout) throws InterruptedException;

    /**
     * Acquires without blocking. However the returned future is completed by somebody else (cancelled, timed out by
     * {@code orTimeout}, completed), the claim is removed, or the grant released if it had come. Cancelling a stage that
     * depends on it does not do that.
     *
     * @return completes on the session's executor
     */
    CompletableFuture<G> acquireAsync();

    /**
     * Runs an action while holding it, and releases it however the action ends.
     *
     * @param timeout how long to wait for the grant
     * @param action what to run
     * @param <X> what the action throws
     * @return false if the timeout came first, and the action did not run
     * @throws InterruptedException as {@link #acquire()}
     * @throws X if the action throws it
     */
    <X extends Exception> boolean tryRun(Duration timeout, Action<? super G, X> action) throws InterruptedException, X;

    /**
     * What to do with a grant.
     *
     * @param <G> what is granted
     * @param <X> what it throws
     */
    @FunctionalInterface
    interface Action<G, X extends Exception> {
        /**
         * Does it.
         *
         * @param grant held when called
         * @throws X if it fails
         */
        void run(G grant) throws X;
    }
}
