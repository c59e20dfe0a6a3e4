/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Hands users what came of their requests: by a future of their own, completed where their code may run, with failures that
 * name recipe and key. Immutable.
 */
public record Handing(Store store, Executor executor, String key) {
    private static final long LONGEST_PAUSE_MILLIS = 50;

    /** By the connection's executor. */
    public static Handing of(Store store, String key) {
        return new Handing(store, store.connection()::callback, key);
    }

    /** A future of the user's. */
    public <T> CompletableFuture<T> async(CompletableFuture<T> answer) {
        return async(answer, unwanted -> {});
    }

    /**
     * A future of the user's.
     *
     * @param unwanted takes back what came after somebody else had completed the future
     */
    public <T> CompletableFuture<T> async(CompletableFuture<T> answer, Consumer<T> unwanted) {
        CompletableFuture<T> result = new CompletableFuture<>();
        var unused = answer.whenComplete((value, failure) -> executor.execute(() -> {
            if (failure != null) {
                result.completeExceptionally(store.failure(unwrapped(failure), key));
            } else if (!result.complete(value)) {
                unwanted.accept(value);
            }
        }));
        return result;
    }

    /** Waits for it: uninterruptibly, for every request of which it is made is bounded. */
    public <T> T await(CompletableFuture<T> answer) {
        return store.await(answer, key);
    }

    /** Before another attempt, with jitter so that those who met once do not meet again. Fails if the connection is closed meanwhile. */
    public CompletableFuture<Boolean> pause(int attempt) {
        long most = Math.min(LONGEST_PAUSE_MILLIS, 1L << Math.min(attempt, 10));
        Timing timing = store.connection().timing();
        return Pause.of(store.connection(), Duration.ofNanos(timing.random(TimeUnit.MILLISECONDS.toNanos(most))));
    }

    /** Gives a name back when the work on it is done, (!) before anybody is told: who is may use the name for something else. */
    public static <T> CompletableFuture<T> whileTaken(Runnable giveBack, Supplier<CompletableFuture<T>> work) {
        CompletableFuture<T> done;
        try {
            done = work.get();
        } catch (RuntimeException e) {
            giveBack.run();
            throw e;
        }
        CompletableFuture<T> told = new CompletableFuture<>();
        Completion.of(done, (value, failure) -> {
            giveBack.run();
            Completion.pass(value, failure, told);
        });
        return told;
    }

    public static Throwable unwrapped(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }
}
