/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.config.SharedValue;
import dev.consort.config.SharedValue.Subscription;
import dev.consort.config.Versioned;
import dev.consort.core.Codec;
import dev.consort.core.Connection;
import java.util.concurrent.CountDownLatch;

/** A limit that is changed while somebody follows it. */
public final class RaiseLimit {
    private RaiseLimit() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open()) {
            SharedValue<String> limit = SharedValue.create(connection, "orders/limit", Codec.utf8());
            Versioned<String> first = limit.set("100");
            Versioned<String> raised = limit.update(now -> String.valueOf(Integer.parseInt(now.orElse("0")) + 20));
            System.out.println("raised to " + raised.value());
            boolean late = limit.compareAndSet(first.revision(), "110").isPresent();
            System.out.println("set by who had read the first: " + late);
            System.out.println(
                    "it was " + limit.getAt(first.revision()).orElseThrow().value());
            CountDownLatch halved = new CountDownLatch(1);
            try (Subscription following = limit.listen(now -> {
                if (now.isPresent() && now.get().value().equals("60")) {
                    halved.countDown();
                }
            })) {
                following.ready().join();
                limit.set("60");
                halved.await();
                System.out.println("a listener was told 60");
            }
        }
    }
}
