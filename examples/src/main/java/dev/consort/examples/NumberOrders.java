/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.config.AtomicCounter;
import dev.consort.config.IdGenerator;
import dev.consort.core.Connection;

/** Orders that are numbered and counted. */
public final class NumberOrders {
    private NumberOrders() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     */
    public static void main(String... arguments) {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open()) {
            AtomicCounter orders = AtomicCounter.create(connection, "orders/count");
            System.out.println("orders: " + orders.increment());
            IdGenerator ids = IdGenerator.create(connection, "orders/id", 100);
            System.out.println("first id: " + ids.next());
            System.out.println("second id: " + ids.next());
            IdGenerator another = IdGenerator.create(connection, "orders/id", 100);
            System.out.println("first id of another process: " + another.next());
            System.out.println("orders: " + orders.add(2));
        }
    }
}
