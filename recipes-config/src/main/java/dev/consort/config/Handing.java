/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.internal.Store;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Hands users what came of their requests: by a future of their own, completed where their code may run, with failures that
 * name recipe and key. Immutable.
 */
record Handing(Store store, Executor executor, String key) {
    /** A future of the user's. */
    <T> CompletableFuture<T> async(CompletableFuture<T> answer) {
        return async(answer, unwanted -> {});
    }

    /**
     * A future of the user's.
     *
     * @param unwanted takes back what came after somebody else had completed the future
     */
    <T> CompletableFuture<T> async(CompletableFuture<T> answer, Consumer<T> unwanted) {
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
    <T> T await(CompletableFuture<T> answer) {
        return store.await(answer, key);
    }

    static Throwable unwrapped(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }
}
