/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/** Waiting for an answer that is sure to come soon, without losing an interrupt. */
public final class Await {
    private interface Waiting {
        <T> T await(CompletableFuture<T> future, Duration timeout)
                throws InterruptedException, ExecutionException, TimeoutException;
    }

    private Await() {}

    /** Waits up to a timeout whatever interrupts come, and sets the interrupt flag again. */
    static <T> T uninterruptibly(Timing timing, CompletableFuture<T> future, Duration timeout) {
        return uninterruptibly(timing::await, timing::nanoTime, future, timeout);
    }

    private static <T> T uninterruptibly(
            Waiting waiting, LongSupplier nanoTime, CompletableFuture<T> future, Duration timeout) {
        boolean interrupted = false;
        try {
            long deadline = nanoTime.getAsLong() + timeout.toNanos();
            Duration left = timeout;
            while (true) {
                try {
                    return waiting.await(future, left);
                } catch (InterruptedException e) {
                    interrupted = true;
                    left = Duration.ofNanos(deadline - nanoTime.getAsLong());
                } catch (ExecutionException e) {
                    throw unwrapped(e);
                } catch (TimeoutException e) {
                    throw CallFailure.late(timeout);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits up to a timeout, or until interrupted. */
    static <T> T within(Timing timing, CompletableFuture<T> future, Duration timeout) throws InterruptedException {
        try {
            return timing.await(future, timeout);
        } catch (ExecutionException e) {
            throw unwrapped(e);
        } catch (TimeoutException e) {
            throw CallFailure.late(timeout);
        }
    }

    /** {@link #uninterruptibly} where the outcome does not matter. */
    static void quietly(Timing timing, CompletableFuture<?> future, Duration timeout) {
        try {
            uninterruptibly(timing, future.handle((result, failure) -> true), timeout);
        } catch (CallFailure late) {
            // Bounded is what was asked for.
        }
    }

    /** The same on the system's clock. */
    public static void quietly(CompletableFuture<?> future, Duration timeout) {
        try {
            uninterruptibly(Await::get, System::nanoTime, future.handle((result, failure) -> true), timeout);
        } catch (CallFailure late) {
            // Bounded is what was asked for.
        }
    }

    private static <T> T get(CompletableFuture<T> future, Duration timeout)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    static RuntimeException unwrapped(Exception e) {
        Throwable cause = e.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException runtime ? runtime : new CompletionException(cause);
    }
}
