/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.barrier.DistributedLatch;
import dev.consort.core.Connection;
import java.time.Duration;

/** A service that starts when two tables have been loaded, by whomever. */
public final class StartWhenLoaded {
    private StartWhenLoaded() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open()) {
            DistributedLatch loaded = DistributedLatch.create(connection, "tables/loaded", 2);
            System.out.println("counted: " + loaded.countDown("orders"));
            System.out.println("counted again: " + loaded.countDown("orders"));
            System.out.println("loaded: " + loaded.await(Duration.ofMillis(200)) + ", left: " + loaded.count());
            System.out.println("counted: " + loaded.countDown("customers"));
            loaded.await();
            System.out.println("started");
            loaded.delete();
        }
    }
}
