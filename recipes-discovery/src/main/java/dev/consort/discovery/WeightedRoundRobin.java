/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;

/**
 * The smooth weighted round robin of nginx: at each call every endpoint gains its weight, and the one that has most is chosen
 * and loses the sum of all. So a heavy one does not have its calls in a row. Begins anew when the endpoints change.
 *
 * <p>Thread-safe. The user's code runs under no lock: what came of it is taken over if the list is still the newest.
 */
final class WeightedRoundRobin<I, E> implements Policy<I, E> {
    private final ToIntFunction<? super I> weight;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private Turns<I, E> turns = new Turns<>(List.of(), new long[0]);

    /** Confined to the lock. */
    private static final class Turns<I, E> {
        final List<Endpoint<I, E>> endpoints;
        private final long[] weights;
        private final long[] gained;

        Turns(List<Endpoint<I, E>> endpoints, long[] weights) {
            this.endpoints = endpoints;
            this.weights = weights;
            this.gained = new long[weights.length];
        }

        Optional<Endpoint<I, E>> next() {
            int most = -1;
            long sum = 0;
            for (int i = 0; i < weights.length; i++) {
                if (weights[i] > 0) {
                    gained[i] += weights[i];
                    sum += weights[i];
                    most = most < 0 || gained[i] > gained[most] ? i : most;
                }
            }
            if (most < 0) {
                return Optional.empty();
            }
            gained[most] -= sum;
            return Optional.of(endpoints.get(most));
        }
    }

    WeightedRoundRobin(ToIntFunction<? super I> weight) {
        this.weight = weight;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the same list as long as nothing changes
    public Optional<Endpoint<I, E>> choose(List<Endpoint<I, E>> endpoints) {
        lock.lock();
        try {
            if (turns.endpoints == endpoints) {
                return turns.next();
            }
        } finally {
            lock.unlock();
        }
        long[] weights = endpoints.stream()
                .mapToLong(endpoint -> weight.applyAsInt(endpoint.instance()))
                .toArray();
        lock.lock();
        try {
            if (turns.endpoints != endpoints) {
                turns = new Turns<>(endpoints, weights);
            }
            return turns.next();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "Weighted round robin";
    }
}
