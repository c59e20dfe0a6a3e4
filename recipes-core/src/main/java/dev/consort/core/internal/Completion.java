/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** What follows a future, where no further future is wanted. */
final class Completion {
    private Completion() {}

    /** Calls the handler with the outcome, on whichever thread completes the future; it must not throw. */
    @SuppressWarnings("FutureReturnValueIgnored") // the handler has the outcome
    static <T> void of(CompletableFuture<T> future, BiConsumer<? super T, @Nullable Throwable> handler) {
        future.whenComplete(handler);
    }

    /** Completes one future as another one was. */
    static <T> void forward(CompletableFuture<T> from, CompletableFuture<T> to) {
        of(from, (value, failure) -> pass(value, failure, to));
    }

    static <T> void pass(T value, @Nullable Throwable failure, CompletableFuture<T> to) {
        if (failure == null) {
            to.complete(value);
        } else {
            to.completeExceptionally(failure);
        }
    }
}
