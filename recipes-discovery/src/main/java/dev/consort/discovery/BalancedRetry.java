/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.internal.Interruption;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Attempts one after the other, until one succeeds or nobody waits any more. Immutable. */
final class BalancedRetry<E> implements Retry<E> {
    private final Duration timeout;
    private final Balancer<E> balancer;
    private final RetryCallback callback;
    private final Executor executor;

    BalancedRetry(Duration timeout, Balancer<E> balancer, RetryCallback callback, Executor executor) {
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("timeout is " + timeout + ": give more than zero");
        }
        this.timeout = timeout;
        this.balancer = Objects.requireNonNull(balancer, "balancer");
        this.callback = Objects.requireNonNull(callback, "callback");
        this.executor = Objects.requireNonNull(executor, "executor");
    }

    @Override
    public Retry<E> executor(Executor other) {
        return new BalancedRetry<>(timeout, balancer, callback, other);
    }

    private TimeoutException late() {
        return new TimeoutException("context deadline exceeded: no attempt has succeeded within " + timeout);
    }

    // BLOCKING

    @Override
    public <T> T call(EndpointCall<? super E, ? extends T, ? extends Exception> call)
            throws InterruptedException, TimeoutException {
        Objects.requireNonNull(call, "call");
        CompletableFuture<T> result = new CompletableFuture<>();
        Interruption interruption = new Interruption();
        long deadline = System.nanoTime() + timeout.toNanos();
        executor.execute(() -> {
            var unused = interruption.during(() -> attempt(call, result, deadline));
        });
        try {
            return result.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw unwrapped(e);
        } catch (TimeoutException e) {
            throw late();
        } finally {
            if (result.cancel(false)) {
                interruption.interrupt();
            }
        }
    }

    private <T> boolean attempt(
            EndpointCall<? super E, ? extends T, ? extends Exception> call,
            CompletableFuture<T> result,
            long deadline) {
        Attempts attempts = new Attempts(callback);
        while (!result.isDone() && System.nanoTime() - deadline < 0) {
            try {
                result.complete(balancer.call(call));
            } catch (Exception e) {
                attempts.failed(e).ifPresent(result::completeExceptionally);
            } catch (Error e) {
                result.completeExceptionally(e);
            }
        }
        return result.isDone();
    }

    private static RuntimeException unwrapped(ExecutionException e) {
        if (e.getCause() instanceof Error error) {
            throw error;
        }
        return e.getCause() instanceof RuntimeException why ? why : new IllegalStateException(e.getCause());
    }

    // WITHOUT BLOCKING

    @Override
    public <T> CompletableFuture<T> callAsync(Function<? super E, ? extends CompletionStage<T>> call) {
        AsyncAttempts<E, T> attempts =
                new AsyncAttempts<>(balancer, Objects.requireNonNull(call, "call"), callback, executor);
        return attempts.begin(timeout, this::late);
    }

    @Override
    public String toString() {
        return "Retry within " + timeout + ", " + balancer;
    }
}
