/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.barrier.DistributedCyclicBarrier;
import dev.consort.core.Session;
import java.time.Duration;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/** Two workers that go from step to step together. Here they are threads; they may as well be processes. */
public final class ImportInSteps {
    private static final int WORKERS = 2;

    private ImportInSteps() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting for the other worker
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        CompletableFuture<Void> other = CompletableFuture.runAsync(() -> {
            try {
                work(endpoints);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        work(endpoints);
        other.join();
    }

    private static void work(String... endpoints) throws InterruptedException {
        try (Session session = Session.connect(endpoints)) {
            DistributedCyclicBarrier step = DistributedCyclicBarrier.create(
                    session, "import/step", WORKERS, () -> System.out.println("all have done it"));
            for (String what : new String[] {"read", "written"}) {
                System.out.println("a part is " + what);
                step.await(Duration.ofSeconds(30));
            }
        } catch (BrokenBarrierException | TimeoutException e) {
            System.out.println("the other worker does not come: " + e.getMessage());
        }
    }
}
