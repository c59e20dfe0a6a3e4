/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.internal.Handing;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Calls that end later. */
final class AsyncCall {
    private AsyncCall() {}

    /** A call by the endpoint that the balancer chooses; what is returned cancels the call when it is completed otherwise. */
    static <E, T> CompletableFuture<T> once(
            Balancer<E> balancer, Function<? super E, ? extends CompletionStage<T>> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            begin(balancer.choose(), call, result);
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
        }
        return result;
    }

    private static <E, T> void begin(
            Choice<E> choice, Function<? super E, ? extends CompletionStage<T>> call, CompletableFuture<T> result) {
        CompletionStage<T> going;
        try {
            going = Objects.requireNonNull(call.apply(choice.target()), "what the call returns");
        } catch (Throwable e) {
            choice.failed(e);
            choice.close();
            throw e;
        }
        var unused = going.whenComplete((answer, failure) -> {
            if (!result.isDone()) { // else it was given up
                tell(choice, failure);
            }
            choice.close();
            if (failure == null) {
                result.complete(answer);
            } else {
                result.completeExceptionally(Handing.unwrapped(failure));
            }
        });
        var unusedStage = result.whenComplete((answer, failure) -> {
            choice.close();
            going.toCompletableFuture().cancel(true); // does nothing to one that has ended
        });
    }

    private static void tell(Choice<?> choice, Throwable failure) {
        if (failure == null) {
            choice.succeeded();
        } else {
            choice.failed(Handing.unwrapped(failure));
        }
    }
}
