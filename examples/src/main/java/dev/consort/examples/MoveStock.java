/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Session;
import dev.consort.lock.MultiGrant;
import dev.consort.lock.MultiMutex;
import java.time.Duration;
import java.util.List;

/** Moves stock between two warehouses, in both directions at once: each move needs both, and none waits for ever. */
public final class MoveStock {
    private MoveStock() {}

    /** Where it is written. It gets the grant, to refuse a holder that comes too late. */
    interface Warehouses {
        void move(String from, String to, int pieces, MultiGrant grant);
    }

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        Warehouses warehouses = (from, to, pieces, grant) -> {
            boolean written = grant.guard()
                    .txn()
                    .put("stock/" + from, "moved " + pieces + " to " + to)
                    .put("stock/" + to, "got " + pieces + " from " + from)
                    .commit();
            System.out.println(written ? pieces + " from " + from + " to " + to : "lost one of the locks");
        };
        Thread back = new Thread(() -> moves(warehouses, "south", "north", endpoints));
        back.start();
        moves(warehouses, "north", "south", endpoints);
        back.join();
    }

    private static void moves(Warehouses warehouses, String from, String to, String... endpoints) {
        try (Session session = Session.connect(endpoints)) { // one for each process
            MultiMutex both = MultiMutex.create(session, List.of("warehouse/" + from, "warehouse/" + to));
            for (int pieces = 1; pieces <= 3; pieces++) {
                int some = pieces;
                both.tryRun(Duration.ofSeconds(10), grant -> warehouses.move(from, to, some, grant));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
