/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import dev.consort.config.SharedValue;
import dev.consort.config.SharedValue.Subscription;
import dev.consort.config.Versioned;
import dev.consort.core.Codec;
import dev.consort.core.Connection;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Follows a key: what it is now, and what it becomes, also after the connection was cut. */
public final class WatchKey {
    private WatchKey() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        BlockingQueue<Optional<Versioned<String>>> told = new LinkedBlockingQueue<>();
        try (Connection connection = Connection.to(endpoints).open()) {
            SharedValue<String> lamp = SharedValue.create(connection, "basics/lamp", Codec.utf8());
            try (Subscription following = lamp.listen(told::add)) { // what takes time is done elsewhere
                following.ready().join(); // fails if etcd refuses
                say(told);
                lamp.set("on");
                say(told);
                long last = lamp.set("off").revision();
                say(told);
                lamp.compareAndDelete(last);
                say(told);
            }
        }
    }

    private static void say(BlockingQueue<Optional<Versioned<String>>> told) throws InterruptedException {
        Optional<Versioned<String>> next = told.poll(5, TimeUnit.SECONDS);
        if (next == null) {
            throw new IllegalStateException("not told within 5 s");
        }
        System.out.println("told: " + next.map(Versioned::value).orElse("no value"));
    }
}
