/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.goconcurrency;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.ObserverContender.Listener;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.Client;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Observers by Go's algorithm that share a client. */
public final class GoObservers {
    private GoObservers() {}

    public static AutoCloseable open(String endpoint, String name, int count, Listener listener) {
        Client client = LeasedClient.open(endpoint);
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        List<GoObserver> observers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            GoObserver observer =
                    new GoObserver(client, bytes(name + "/"), leader -> listener.leads(number, leader), failure::set);
            observers.add(observer);
            observer.look();
        }
        return () -> {
            observers.forEach(GoObserver::close);
            client.close();
            Throwable failed = failure.get();
            if (failed != null) {
                throw new IllegalStateException("an observer has failed", failed);
            }
        };
    }
}
