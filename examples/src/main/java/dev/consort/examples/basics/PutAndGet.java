/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import dev.consort.core.Connection;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.DeleteResponse;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Puts, gets and deletes keys with jetcd's client, one at a time and by their prefix. */
public final class PutAndGet {
    private PutAndGet() {}

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
        try (Connection connection = Connection.to(endpoints).open()) {
            KV kv = connection.client().getKVClient();
            one(kv);
            byPrefix(kv);
        }
    }

    private static void one(KV kv) throws InterruptedException, ExecutionException, TimeoutException {
        ByteSequence greeting = bytes("basics/greeting");
        long first = answer(kv.put(greeting, bytes("hello"))).getHeader().getRevision();
        System.out.println("put at revision " + first);
        answer(kv.put(greeting, bytes("good day")));

        KeyValue now = answer(kv.get(greeting)).getKvs().get(0);
        System.out.println("it is " + text(now.getValue()) + ", version " + now.getVersion() + ", put at revision "
                + now.getModRevision());

        GetResponse earlier =
                answer(kv.get(greeting, GetOption.builder().withRevision(first).build())); // if not compacted
        System.out.println("it was " + text(earlier.getKvs().get(0).getValue()));

        DeleteResponse deleted = answer(
                kv.delete(greeting, DeleteOption.builder().withPrevKV(true).build()));
        System.out.println("deleted " + text(deleted.getPrevKvs().get(0).getValue()));
        System.out.println("found: " + answer(kv.get(greeting)).getKvs().size());
    }

    private static void byPrefix(KV kv) throws InterruptedException, ExecutionException, TimeoutException {
        answer(kv.put(bytes("basics/fruit/apple"), bytes("red")));
        answer(kv.put(bytes("basics/fruit/banana"), bytes("yellow")));
        answer(kv.put(bytes("basics/fruits"), bytes("not below basics/fruit/")));

        ByteSequence fruit = bytes("basics/fruit/"); // its slash leaves basics/fruits out
        GetResponse all =
                answer(kv.get(fruit, GetOption.builder().isPrefix(true).build()));
        for (KeyValue found : all.getKvs()) { // in the order of keys
            System.out.println(text(found.getKey()) + " is " + text(found.getValue()));
        }
        DeleteResponse deleted = answer(kv.delete(
                fruit, DeleteOption.builder().isPrefix(true).withPrevKV(true).build()));
        System.out.println("deleted: " + deleted.getDeleted());
        for (KeyValue was : deleted.getPrevKvs()) {
            System.out.println(text(was.getKey()) + " was " + text(was.getValue()));
        }
        System.out.println(
                "deleted: " + answer(kv.delete(bytes("basics/fruits"))).getDeleted());
    }

    /** Waits, but not for ever. A put that was not answered in time may have been made, or be made yet. */
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
