/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import dev.consort.core.Connection;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Watches a key with jetcd's client: every event, with the value before it. */
public final class WatchEvents {
    private WatchEvents() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     * @throws ExecutionException if etcd refuses a request
     * @throws TimeoutException if etcd does not answer
     */
    public static void main(String... arguments) throws InterruptedException, ExecutionException, TimeoutException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        ByteSequence door = bytes("basics/door");
        BlockingQueue<WatchEvent> events = new LinkedBlockingQueue<>();
        try (Connection connection = Connection.to(endpoints).open()) {
            KV kv = connection.client().getKVClient();
            long read = answer(kv.get(door)).getHeader().getRevision();
            WatchOption afterThat = WatchOption.builder()
                    .withRevision(read + 1) // else what comes before the watch stands is missed
                    .withPrevKV(true)
                    .build();
            try (Watcher watcher = connection
                    .client()
                    .getWatchClient()
                    .watch(
                            door,
                            afterThat,
                            Watch.listener( // its thread is jetcd's: only hand over what came
                                    response -> events.addAll(response.getEvents()),
                                    failure -> System.out.println("the watch failed: " + failure)))) {
                answer(kv.put(door, bytes("open")));
                answer(kv.put(door, bytes("closed")));
                answer(kv.delete(door));
                say(next(events));
                say(next(events));
                say(next(events));
                System.out.println("watching still: " + !watcher.isClosed());
            }
        }
    }

    private static void say(WatchEvent event) {
        String before = text(event.getPrevKV().getValue());
        switch (event.getEventType()) {
            case PUT ->
                System.out.println("put: " + text(event.getKeyValue().getValue())
                        + (before.isEmpty() ? "" : ", it was " + before));
            case DELETE -> System.out.println("deleted: it was " + before);
            default -> System.out.println("unknown: " + event.getEventType());
        }
    }

    private static WatchEvent next(BlockingQueue<WatchEvent> events) throws InterruptedException {
        WatchEvent event = events.poll(5, TimeUnit.SECONDS);
        if (event == null) {
            throw new IllegalStateException("no event within 5 s");
        }
        return event;
    }

    private static <T> T answer(CompletableFuture<T> asked)
            throws InterruptedException, ExecutionException, TimeoutException {
        return asked.get(5, TimeUnit.SECONDS);
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static String text(ByteSequence bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
