/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.List;
import java.util.Optional;
import java.util.Random;

/** By chance, and repeatable. Thread-safe, as its source is. */
final class RandomChoice<I, E> implements Policy<I, E> {
    private final Random random;

    RandomChoice(long seed) {
        this.random = new Random(seed);
    }

    @Override
    public Optional<Endpoint<I, E>> choose(List<Endpoint<I, E>> endpoints) {
        return Optional.of(endpoints.get(random.nextInt(endpoints.size())));
    }

    @Override
    public String toString() {
        return "Random";
    }
}
