/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/** Chooses by a policy among what an endpointer has. Thread-safe. */
final class PolicyBalancer<I, E> implements Balancer<E> {
    private final Endpointer<I, E> endpointer;
    private final Policy<I, E> policy;

    PolicyBalancer(Endpointer<I, E> endpointer, Policy<I, E> policy) {
        this.endpointer = Objects.requireNonNull(endpointer, "endpointer");
        this.policy = policy;
    }

    @Override
    public Choice<E> choose() {
        List<Endpoint<I, E>> endpoints = endpointer.endpoints();
        if (endpoints.isEmpty()) {
            throw none();
        }
        return new Chosen<>(endpointer, policy.choose(endpoints).orElseThrow(this::none));
    }

    private NoEndpointsException none() {
        return new NoEndpointsException(endpointer.error().orElse(null));
    }

    @Override
    public String toString() {
        return policy + " over " + endpointer;
    }

    /** A call that goes on until it is closed. */
    private static final class Chosen<I, E> implements Choice<E> {
        private final Endpointer<I, E> endpointer;
        private final Endpoint<I, E> endpoint;
        private final AtomicBoolean over = new AtomicBoolean();

        Chosen(Endpointer<I, E> endpointer, Endpoint<I, E> endpoint) {
            this.endpointer = endpointer;
            this.endpoint = endpoint;
            endpoint.begin();
        }

        @Override
        public E target() {
            return endpoint.target();
        }

        @Override
        public void succeeded() {
            endpointer.succeeded(endpoint);
        }

        @Override
        public void failed(Throwable why) {
            endpointer.failed(endpoint, why);
        }

        @Override
        public void close() {
            if (!over.getAndSet(true)) {
                endpoint.end();
            }
        }

        @Override
        public String toString() {
            return "Choice of " + endpoint;
        }
    }
}
