/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waiting for an answer that is sure to come soon, without losing an interrupt. */
public final class Await {
    private Await() {}

    /** Waits up to a timeout whatever interrupts come, and sets the interrupt flag again. */
    static <T> T uninterruptibly(CompletableFuture<T> future, Duration timeout) {
        boolean interrupted = false;
        try {
            long deadline = System.nanoTime() + timeout.toNanos();
            while (true) {
                try {
                    return future.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
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
    static <T> T within(CompletableFuture<T> future, Duration timeout) throws InterruptedException {
        try {
            return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw unwrapped(e);
        } catch (TimeoutException e) {
            throw CallFailure.late(timeout);
        }
    }

    /** {@link #uninterruptibly} where the outcome does not matter. */
    public static void quietly(CompletableFuture<?> future, Duration timeout) {
        try {
            uninterruptibly(future.handle((result, failure) -> true), timeout);
        } catch (CallFailure late) {
            // Bounded is what was asked for.
        }
    }

    static RuntimeException unwrapped(Exception e) {
        Throwable cause = e.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException runtime ? runtime : new CompletionException(cause);
    }
}
