/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.ReadWriteLock;
import java.util.Optional;

/** What many may look at and one may change: start it in several terminals. */
public final class PriceList {
    private static final Shop shop = new Shop();

    private PriceList() {}

    /** What the prices are for. It gets the token, to refuse a writer that comes too late. */
    private static final class Shop {
        void show(FencingToken token) {
            System.out.println("shown with token " + token);
        }

        void change(FencingToken token) {
            System.out.println("changed with token " + token);
        }
    }

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting for the lock
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Session session = Session.connect(endpoints)) { // one for each process, opened at start
            showAndChange(session);
            changeAndShow(session);
            changeIfAlone(session);
        }
    }

    private static void showAndChange(Session session) throws InterruptedException {
        ReadWriteLock prices = ReadWriteLock.create(session, "shop/prices");
        try (Grant grant = prices.readLock().acquire()) {
            shop.show(grant.token());
        }
        try (Grant grant = prices.writeLock().acquire()) {
            shop.change(grant.token());
        }
    }

    /** What is shown is what was just written: nobody can write in between. */
    private static void changeAndShow(Session session) throws InterruptedException {
        ReadWriteLock prices = ReadWriteLock.create(session, "shop/prices");
        try (Grant writing = prices.writeLock().acquire()) {
            shop.change(writing.token());
            Optional<Grant> reading = prices.downgrade(writing);
            if (reading.isPresent()) {
                try (Grant grant = reading.get()) {
                    shop.show(grant.token());
                }
            }
        }
    }

    private static void changeIfAlone(Session session) throws InterruptedException {
        ReadWriteLock prices = ReadWriteLock.create(session, "shop/prices");
        try (Grant reading = prices.readLock().acquire()) {
            Optional<Grant> writing = prices.tryUpgrade(reading); // if empty, it goes on reading
            if (writing.isPresent()) {
                try (Grant grant = writing.get()) {
                    shop.change(grant.token());
                }
            }
        }
    }
}
