/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.barrier.DoubleBarrier;
import dev.consort.barrier.DoubleBarrier.Stay;
import dev.consort.core.Session;
import java.util.concurrent.CompletableFuture;

/** Two load generators that begin together and end together. Here they are threads; they may as well be processes. */
public final class MeasureTogether {
    private MeasureTogether() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting for the other one
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        CompletableFuture<Void> other = CompletableFuture.runAsync(() -> {
            try {
                measure(endpoints);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        measure(endpoints);
        other.join();
    }

    private static void measure(String... endpoints) throws InterruptedException {
        try (Session session = Session.connect(endpoints);
                Stay stay = DoubleBarrier.create(session, "load/run", 2).enter()) {
            System.out.println("measuring in round " + stay.round());
            stay.leave();
            System.out.println("all have measured");
        }
    }
}
