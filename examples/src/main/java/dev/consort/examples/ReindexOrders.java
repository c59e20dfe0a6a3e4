/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import java.time.Duration;

/** A step that one process at a time may take: start it in several terminals to see them take turns. */
public final class ReindexOrders {
    private static final Orders orders = token -> System.out.println("rebuilt with token " + token);

    private ReindexOrders() {}

    /** What is locked. It gets the token, to refuse a holder that comes too late. */
    interface Orders {
        void rebuild(FencingToken token);
    }

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting for the lock
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        waitAndRebuild(endpoints);
        rebuildIfFree(endpoints);
    }

    private static void waitAndRebuild(String... endpoints) throws InterruptedException {
        try (Session session = Session.connect(endpoints); // one for each process, opened at start
                Grant grant = Mutex.create(session, "orders/reindex").acquire()) {
            orders.rebuild(grant.token());
        }
    }

    /** Waits for two seconds at most, and writes to etcd only as long as the lock is held. */
    private static void rebuildIfFree(String... endpoints) throws InterruptedException {
        try (Session session = Session.connect(endpoints)) {
            boolean ran = Mutex.create(session, "orders/reindex").tryRun(Duration.ofSeconds(2), grant -> {
                orders.rebuild(grant.token());
                boolean written =
                        grant.guard().txn().put("orders/state", "indexed").commit();
                System.out.println(written ? "state written" : "lost the lock; nothing written");
            });
            System.out.println(ran ? "done" : "somebody else has it");
        }
    }
}
