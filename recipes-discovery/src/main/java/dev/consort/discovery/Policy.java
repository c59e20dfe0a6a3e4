/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.List;
import java.util.Optional;

/**
 * How to choose among endpoints. Thread-safe.
 *
 * @param <I> what describes an instance
 * @param <E> what calls are made by
 */
@FunctionalInterface
interface Policy<I, E> {
    /**
     * Chooses one.
     *
     * @param endpoints at least one; the same list as long as nothing changes
     * @return empty if none is to be called
     */
    Optional<Endpoint<I, E>> choose(List<Endpoint<I, E>> endpoints);
}
