/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.internal.Handing;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Attempts that end later. Each begins by a task of the executor of its own, so that those which fail at once do not nest, and
 * the user's code does not run where a call ends, which may be a thread of gRPC's.
 *
 * <p>Concurrency: an attempt begins when the one before has ended; {@link #going} is volatile for whoever gives up.
 */
final class AsyncAttempts<E, T> {
    private final Balancer<E> balancer;
    private final Function<? super E, ? extends CompletionStage<T>> call;
    private final Attempts attempts;
    private final Executor executor;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private volatile @Nullable CompletableFuture<T> going;

    AsyncAttempts(
            Balancer<E> balancer,
            Function<? super E, ? extends CompletionStage<T>> call,
            RetryCallback callback,
            Executor executor) {
        this.balancer = balancer;
        this.call = call;
        this.attempts = new Attempts(callback);
        this.executor = executor;
    }

    /** The JDK's timer says when it is over; the executor does the rest. */
    CompletableFuture<T> begin(Duration timeout, Supplier<TimeoutException> late) {
        CompletableFuture<Boolean> clock = new CompletableFuture<>();
        var unusedStage = clock.orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((stopped, over) -> {
                    if (over != null) {
                        execute(() -> result.completeExceptionally(late.get()));
                    }
                });
        var unused = result.whenComplete((answer, failure) -> {
            clock.complete(true);
            giveUp();
        });
        execute(this::attempt);
        return result;
    }

    private void giveUp() {
        CompletableFuture<T> last = going;
        if (last != null) {
            last.cancel(true);
        }
    }

    private void attempt() {
        if (result.isDone()) {
            return;
        }
        try {
            CompletableFuture<T> begun = balancer.callAsync(call);
            going = begun;
            if (result.isDone()) {
                giveUp();
            }
            var unused = begun.whenComplete((answer, failure) -> execute(() -> ended(answer, failure)));
        } catch (Error e) {
            result.completeExceptionally(e);
        }
    }

    private void ended(T answer, @Nullable Throwable failure) {
        if (failure == null) {
            result.complete(answer);
        } else if (!result.isDone()) {
            Throwable why = Handing.unwrapped(failure);
            if (why instanceof Exception error) {
                attempts.failed(error).ifPresentOrElse(result::completeExceptionally, () -> execute(this::attempt));
            } else {
                result.completeExceptionally(why);
            }
        }
    }

    /** What was promised must end, also when the user's executor takes nothing any more. */
    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            ForkJoinPool.commonPool().execute(task);
        }
    }
}
