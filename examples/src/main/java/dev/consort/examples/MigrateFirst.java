/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.barrier.Barrier;
import dev.consort.barrier.Barrier.Passage;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One process migrates a schema, and the others wait until it is done: start it in several terminals. */
public final class MigrateFirst {
    private MigrateFirst() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Session session = Session.connect(endpoints)) {
            Barrier migration = Barrier.create(session, "schema/migration");
            Optional<Grant> hold = migration.tryHold();
            CompletableFuture<Passage> another = migration.awaitAsync(); // as another process would wait
            if (hold.isPresent()) {
                try (Grant grant = hold.get()) {
                    System.out.println("migrating with token " + grant.token());
                }
            } else if (migration.await() == Passage.HOLDER_LOST) {
                System.out.println("who migrated has died: look at what is left of it");
            }
            System.out.println("the other one was told: " + another.join());
        }
    }
}
