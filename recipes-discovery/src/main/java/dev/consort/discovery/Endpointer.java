/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What the calls to a service's instances are made by: one endpoint for each instance, made by a factory, kept while the
 * instance lives, and closed when it leaves. Thread-safe; looking is one volatile read.
 *
 * <p><b>Guarantees.</b> The factory is called once for each instance while it lives, and each endpoint it made is closed
 * once. An instance for which it fails is logged and left out, and keeps no other one from being there. Endpoints are in the
 * order of their instances.
 *
 * <p><b>Not guaranteed.</b> That an instance answers. That an endpoint is not closed while a call goes on: it is closed as soon
 * as its instance has left, so close in a way that lets calls end, if they are to.
 *
 * <p><b>While etcd is not to be reached</b> the endpoints that are known last stay, for ever or {@linkplain
 * Builder#invalidateAfter for a time}.
 *
 * @param <I> what describes an instance
 * @param <E> what calls are made by
 */
public interface Endpointer<I, E> extends AutoCloseable {
    /**
     * Endpoints of the instances that an instancer knows.
     *
     * @param instancer stays the caller's to close, after this
     * @param factory called by the threads that tell of instances, at first by the one that builds
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     * @return describes the endpointer
     */
    static <I, E> Builder<I, E> of(Instancer<I> instancer, EndpointFactory<? super I, ? extends E> factory) {
        return new EndpointerBuilder<>(instancer, factory);
    }

    /**
     * Endpoints that stay the same, for tests and for services that are not in etcd.
     *
     * @param targets what calls are made by, and what describes the instances too; may be empty
     * @param <E> what calls are made by
     * @return closes none of them
     */
    static <E> Endpointer<E, E> fixed(List<? extends E> targets) {
        return new FixedEndpointer<>(targets);
    }

    /**
     * The endpoints as they are now.
     *
     * @return the same immutable list until there is a change; empty if there is no instance, or none is known yet
     * @throws RecipeException the first error of an outage that is longer than {@link Builder#invalidateAfter} allows
     * @throws IllegalStateException if this is closed
     */
    List<Endpoint<I, E>> endpoints();

    /**
     * Why the endpoints may be out of date.
     *
     * @return the first error of an outage that goes on; empty if there is none
     */
    Optional<RecipeException> error();

    /**
     * Is told by a {@link Balancer} that a call has succeeded. Does nothing here: it is for endpointers that look at that,
     * as {@link EjectingEndpointer} does.
     *
     * @param endpoint which was called
     */
    default void succeeded(Endpoint<I, E> endpoint) {}

    /**
     * Is told by a {@link Balancer} that a call has failed; see {@link #succeeded}.
     *
     * @param endpoint which was called
     * @param why it has failed
     */
    default void failed(Endpoint<I, E> endpoint, Throwable why) {}

    /** Closes all endpoints. Idempotent; waits for closers of the user's only. */
    @Override
    void close();

    /**
     * Describes an endpointer. Not thread-safe.
     *
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     */
    interface Builder<I, E> {
        /**
         * How to close an endpoint. Without this an endpoint that is {@link AutoCloseable} is closed so.
         *
         * @param closer called once for each endpoint, when its instance has left, by the thread that tells so, or that calls
         *     {@link #close}, or that asks for endpoints of an outage that is too long; what it throws is logged
         * @return this
         */
        Builder<I, E> closer(Consumer<? super E> closer);

        /**
         * What makes an instance the same one, so that its endpoint is kept, when what describes it changes. Without this it
         * is service, id, address and port of a {@link ServiceInstance}, and all of anything else.
         *
         * @param identity with {@code equals} and {@code hashCode}; its text is logged. Of two instances in a set that have
         *     the same one the second is left out
         * @return this
         */
        Builder<I, E> identity(Function<? super I, ?> identity);

        /**
         * How long the endpoints that were known last stay while the instances cannot be had: after that all are closed, and
         * {@link Endpointer#endpoints} throws the first error, until the instances are known again.
         *
         * @param timeout counted from the first error; zero: none at all
         * @return this
         * @throws IllegalArgumentException if it is negative
         */
        Builder<I, E> invalidateAfter(Duration timeout);

        /**
         * Makes the endpoints of the instances that are known now, and follows them.
         *
         * @return to be closed
         * @throws IllegalStateException if the instancer is closed
         */
        Endpointer<I, E> build();
    }
}
