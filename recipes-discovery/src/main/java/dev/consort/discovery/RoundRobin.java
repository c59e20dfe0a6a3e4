/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** A counter modulo the number of endpoints. Thread-safe. */
final class RoundRobin<I, E> implements Policy<I, E> {
    private final AtomicLong calls = new AtomicLong();

    @Override
    public Optional<Endpoint<I, E>> choose(List<Endpoint<I, E>> endpoints) {
        return Optional.of(endpoints.get((int) Long.remainderUnsigned(calls.getAndIncrement(), endpoints.size())));
    }

    @Override
    public String toString() {
        return "Round robin";
    }
}
