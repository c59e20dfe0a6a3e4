/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.FencingToken;
import dev.consort.core.Session;
import dev.consort.lock.DistributedSemaphore;
import dev.consort.lock.Permit;
import java.time.Duration;
import java.util.Optional;

/** Imports of which three may run at a time, in all processes together: start it in several terminals. */
public final class ImportWorkers {
    private static final Shop shop = token -> System.out.println("imported, token " + token);

    private ImportWorkers() {}

    /** What is not to be overrun. */
    interface Shop {
        void importNext(FencingToken token);
    }

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting for a permit
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Session session = Session.connect(endpoints)) {
            importOne(session);
            importAllAlone(session);
        }
    }

    private static void importOne(Session session) throws InterruptedException {
        DistributedSemaphore imports = DistributedSemaphore.create(session, "shop/imports", 3);
        try (Permit permit = imports.acquire()) {
            shop.importNext(permit.token());
        }
    }

    /** A big one takes all permits; nobody who wants one overtakes it meanwhile. */
    private static void importAllAlone(Session session) throws InterruptedException {
        DistributedSemaphore imports = DistributedSemaphore.open(session, "shop/imports");
        Optional<Permit> all = imports.tryAcquire(imports.limit(), Duration.ofSeconds(2));
        try (Permit permit = all.orElse(null)) {
            System.out.println(permit == null ? "others are at it" : "alone, with " + permit.permits() + " permits");
        }
        System.out.println("free: " + imports.availablePermits());
    }
}
