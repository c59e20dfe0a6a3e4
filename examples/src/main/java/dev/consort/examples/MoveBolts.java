/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Connection;
import dev.consort.stm.Isolation;
import dev.consort.stm.Stm;
import java.util.Optional;

/** Moves bolts between two warehouses, in both directions at once, sells some, and counts them meanwhile: none is ever lost. */
public final class MoveBolts {
    private MoveBolts() {}

    /** There are not enough of them. */
    static final class SoldOutException extends Exception {
        private static final long serialVersionUID = 1L;

        SoldOutException() {
            super("sold out");
        }
    }

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open()) {
            Stm.on(connection).runWithoutResult(tx -> {
                tx.put("stock/bolts/north", "10");
                tx.put("stock/bolts/south", "10");
            });
            Thread back = new Thread(() -> moveAll(connection, "south", "north"));
            back.start();
            moveAll(connection, "north", "south");
            System.out.println("in all " + count(connection));
            back.join();
            System.out.println("in the end " + count(connection));
            sellThree(connection);
        }
    }

    private static void moveAll(Connection connection, String from, String to) {
        try {
            for (int pieces = 1; pieces <= 3; pieces++) {
                int some = pieces;
                boolean moved = Stm.run(connection, tx -> {
                    long here = number(tx.get("stock/bolts/" + from));
                    long there = number(tx.get("stock/bolts/" + to));
                    if (here < some) {
                        return false;
                    }
                    tx.put("stock/bolts/" + from, Long.toString(here - some));
                    tx.put("stock/bolts/" + to, Long.toString(there + some));
                    return true;
                });
                System.out.println((moved ? "moved " : "too few to move ") + some + " from " + from + " to " + to);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What all warehouses have at one time, those that somebody adds included. */
    private static long count(Connection connection) throws InterruptedException {
        return Stm.run(
                connection,
                Isolation.SERIALIZABLE,
                tx -> tx.range("stock/bolts/").values().stream()
                        .mapToLong(Long::parseLong)
                        .sum());
    }

    private static void sellThree(Connection connection) throws InterruptedException {
        try {
            long left = Stm.run(connection, tx -> {
                long stock = number(tx.get("stock/bolts/north"));
                if (stock < 3) {
                    throw new SoldOutException();
                }
                tx.put("stock/bolts/north", Long.toString(stock - 3));
                return stock - 3;
            });
            System.out.println("sold, left in the north " + left);
        } catch (SoldOutException e) {
            System.out.println(e.getMessage());
        }
    }

    private static long number(Optional<String> text) {
        return text.map(Long::parseLong).orElse(0L);
    }
}
