/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** What calls would be made by; knows whether it was closed, and how often. */
record Client(String instance, AtomicInteger closings) implements AutoCloseable {
    @Override
    public void close() {
        closings.incrementAndGet();
    }

    boolean isClosed() {
        return closings.get() > 0;
    }

    /** A factory that knows what it made, and fails where it is told to. */
    static final class Maker implements EndpointFactory<String, Client> {
        final List<Client> made = new CopyOnWriteArrayList<>();
        final Set<String> bad = ConcurrentHashMap.newKeySet();

        @Override
        public Client create(String instance) throws Exception {
            if (bad.contains(instance)) {
                throw new Exception("no client for " + instance);
            }
            Client client = new Client(instance, new AtomicInteger());
            made.add(client);
            return client;
        }

        /** Of those made, as many as are not closed. */
        List<Client> open() {
            return made.stream().filter(client -> !client.isClosed()).toList();
        }
    }
}
