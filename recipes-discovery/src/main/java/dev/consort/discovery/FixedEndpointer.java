/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import java.util.List;
import java.util.Optional;

/** Endpoints that stay the same. Thread-safe. */
final class FixedEndpointer<E> implements Endpointer<E, E> {
    private final List<Endpoint<E, E>> endpoints;

    FixedEndpointer(List<? extends E> targets) {
        this.endpoints = targets.stream().map(FixedEndpointer::<E>of).toList();
    }

    private static <E> Endpoint<E, E> of(E target) {
        return Endpoint.of(target, target, target);
    }

    @Override
    public List<Endpoint<E, E>> endpoints() {
        return endpoints;
    }

    @Override
    public Optional<RecipeException> error() {
        return Optional.empty();
    }

    /** They are the caller's. */
    @Override
    public void close() {}

    @Override
    public String toString() {
        return "Endpointer of " + endpoints.size() + " endpoints that stay the same";
    }
}
