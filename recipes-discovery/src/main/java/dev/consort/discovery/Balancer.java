/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * Chooses the endpoint of each call. Thread-safe; asks nobody.
 *
 * @param <E> what calls are made by
 */
public interface Balancer<E> {
    /**
     * One after the other, beginning with the first.
     *
     * @param endpointer whose endpoints are chosen; stays the caller's to close
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     * @return counts its calls over all threads
     */
    static <I, E> Balancer<E> roundRobin(Endpointer<I, E> endpointer) {
        return new PolicyBalancer<>(endpointer, new RoundRobin<>());
    }

    /**
     * Each with the same probability.
     *
     * @param endpointer as in {@link #roundRobin}
     * @param seed balancers with the same seed make the same choices among the same number of endpoints
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     * @return a balancer
     */
    static <I, E> Balancer<E> random(Endpointer<I, E> endpointer, long seed) {
        return new PolicyBalancer<>(endpointer, new RandomChoice<>(seed));
    }

    /**
     * Each with its share, as evenly spread as can be: while nothing changes, of as many calls as the sum of all weights each
     * instance has exactly as many as its weight.
     *
     * @param endpointer as in {@link #roundRobin}
     * @param weight of an instance, such as {@code ServiceInstance::weight}; 0 or less: it is not chosen. Asked again when the
     *     instances change
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     * @return a balancer
     */
    static <I, E> Balancer<E> weighted(Endpointer<I, E> endpointer, ToIntFunction<? super I> weight) {
        return new PolicyBalancer<>(endpointer, new WeightedRoundRobin<>(Objects.requireNonNull(weight, "weight")));
    }

    /**
     * The one with the fewest calls in flight, of this process and by whichever balancers of this endpointer; of several such
     * one after the other.
     *
     * @param endpointer as in {@link #roundRobin}
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     * @return a balancer
     */
    static <I, E> Balancer<E> leastLoaded(Endpointer<I, E> endpointer) {
        return new PolicyBalancer<>(endpointer, new LeastLoaded<>());
    }

    /**
     * The same one for the same key, in every process that knows the same instances: when an instance leaves only its keys go
     * elsewhere, evenly spread over the others, and when one comes it takes only its share.
     *
     * @param endpointer as in {@link #roundRobin}
     * @param id of an instance, the same in all processes, such as {@code ServiceInstance::id}; asked again when the instances
     *     change
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     * @return gives the balancer of each key
     */
    static <I, E> StickyBalancer<E> sticky(Endpointer<I, E> endpointer, Function<? super I, String> id) {
        RendezvousHashing<I, E> hashing = new RendezvousHashing<>(Objects.requireNonNull(id, "id"));
        return key -> new PolicyBalancer<>(endpointer, hashing.forKey(Objects.requireNonNull(key, "key")));
    }

    /**
     * Chooses the endpoint of the next call. {@link #call} and {@link #callAsync} are simpler where they fit.
     *
     * @return to be closed when the call is over
     * @throws NoEndpointsException if there is none
     * @throws RecipeException the endpointer's, if it has invalidated its endpoints
     * @throws IllegalStateException if the endpointer is closed
     */
    Choice<E> choose();

    /**
     * Calls by the endpoint that is chosen, once.
     *
     * @param call runs on this thread
     * @param <T> what it answers
     * @param <X> what it throws
     * @return the answer
     * @throws X if the call fails
     * @throws NoEndpointsException as {@link #choose}
     * @throws RecipeException as {@link #choose}
     * @throws IllegalStateException as {@link #choose}
     */
    default <T, X extends Exception> T call(EndpointCall<? super E, ? extends T, X> call) throws X {
        try (Choice<E> choice = choose()) {
            try {
                T answer = call.call(choice.target());
                choice.succeeded();
                return answer;
            } catch (Throwable e) {
                choice.failed(e);
                throw e;
            }
        }
    }

    /**
     * The same without blocking.
     *
     * @param call begins on this thread; cancelling what it returns counts as neither success nor failure
     * @param <T> what it answers
     * @return fails as the call does, and as {@link #choose}
     */
    default <T> CompletableFuture<T> callAsync(Function<? super E, ? extends CompletionStage<T>> call) {
        return AsyncCall.once(this, call);
    }
}
