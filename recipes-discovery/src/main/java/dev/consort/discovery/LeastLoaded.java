/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The fewest calls in flight. Where to begin looking goes round, so that endpoints with as many as each other have their turns,
 * and threads that choose at the same moment do not all find the same one. Thread-safe.
 */
final class LeastLoaded<I, E> implements Policy<I, E> {
    private final AtomicLong turns = new AtomicLong();

    @Override
    public Optional<Endpoint<I, E>> choose(List<Endpoint<I, E>> endpoints) {
        int size = endpoints.size();
        int first = (int) Long.remainderUnsigned(turns.getAndIncrement(), size);
        Endpoint<I, E> best = endpoints.get(first);
        int fewest = best.inFlight();
        for (int i = 1; i < size && fewest > 0; i++) {
            Endpoint<I, E> other = endpoints.get((first + i) % size);
            int calls = other.inFlight();
            if (calls < fewest) {
                fewest = calls;
                best = other;
            }
        }
        return Optional.of(best);
    }

    @Override
    public String toString() {
        return "Least loaded";
    }
}
