/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * The algorithm of the queue in etcd's Go package {@code contrib/recipes}, for comparison: an item's key has the clock's nanoseconds;
 * who takes one reads the first by revision, which etcd finds by sorting all, and tries to delete it; if there is none, waits for a
 * put, which all wait for, and tries to delete that.
 */
final class GoQueue {
    private final Client client;
    private final ByteSequence prefix;
    private final String folder;

    GoQueue(Client client, String name) {
        this.client = client;
        this.folder = name + "/";
        this.prefix = ByteSequence.from(folder, UTF_8);
    }

    void enqueue(String value) throws InterruptedException, ExecutionException {
        boolean put = false;
        while (!put) {
            ByteSequence key = ByteSequence.from(folder + System.nanoTime(), UTF_8);
            put = client.getKVClient()
                    .txn()
                    .If(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.version(0)))
                    .Then(Op.put(key, ByteSequence.from(value, UTF_8), PutOption.DEFAULT))
                    .commit()
                    .get()
                    .isSucceeded();
        }
    }

    String dequeue() throws InterruptedException, ExecutionException {
        while (true) {
            GetResponse first = client.getKVClient()
                    .get(
                            prefix,
                            GetOption.builder()
                                    .isPrefix(true)
                                    .withSortField(GetOption.SortTarget.MOD)
                                    .withSortOrder(GetOption.SortOrder.ASCEND)
                                    .withLimit(1)
                                    .build())
                    .get();
            KeyValue kv = first.getKvs().isEmpty()
                    ? nextPut(first.getHeader().getRevision())
                    : first.getKvs().get(0);
            if (delete(kv)) {
                return kv.getValue().toString(UTF_8);
            }
        }
    }

    private KeyValue nextPut(long from) throws InterruptedException, ExecutionException {
        CompletableFuture<KeyValue> put = new CompletableFuture<>();
        WatchOption option =
                WatchOption.builder().isPrefix(true).withRevision(from).build();
        Watch.Watcher watcher = client.getWatchClient()
                .watch(
                        prefix,
                        option,
                        answer -> answer.getEvents().stream()
                                .filter(event -> event.getEventType() == WatchEvent.EventType.PUT)
                                .findFirst()
                                .ifPresent(event -> put.complete(event.getKeyValue())));
        try {
            return put.get();
        } finally {
            watcher.close();
        }
    }

    private boolean delete(KeyValue kv) throws InterruptedException, ExecutionException {
        return client.getKVClient()
                .txn()
                .If(new Cmp(kv.getKey(), Cmp.Op.EQUAL, CmpTarget.modRevision(kv.getModRevision())))
                .Then(Op.delete(kv.getKey(), DeleteOption.DEFAULT))
                .commit()
                .get()
                .isSucceeded();
    }
}
