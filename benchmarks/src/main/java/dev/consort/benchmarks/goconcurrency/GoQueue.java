/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.goconcurrency;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.QueueClient;
import dev.consort.benchmarks.jetcd.Guarded;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.util.concurrent.CompletableFuture;

/**
 * The algorithm of {@code Queue} in etcd's {@code client/v3/experimental/recipes/queue.go}: an item's key has the clock's nanoseconds;
 * who takes one reads the first by revision, which etcd finds by sorting all, and tries to delete it; if there is none, waits for a put,
 * which all wait for, and tries to delete that.
 */
public final class GoQueue implements QueueClient {
    private static final GetOption OLDEST = GetOption.builder()
            .isPrefix(true)
            .withSortField(GetOption.SortTarget.MOD)
            .withSortOrder(GetOption.SortOrder.ASCEND)
            .withLimit(1)
            .build();

    private final Client client;
    private final ByteSequence prefix;
    private final String folder;

    public GoQueue(String endpoint, String name) {
        client = LeasedClient.open(endpoint);
        folder = name + "/";
        prefix = bytes(folder);
    }

    @Override
    public void offer(String item) {
        boolean put = false;
        while (!put) {
            ByteSequence key = bytes(folder + System.nanoTime());
            put = Must.answer(client.getKVClient()
                            .txn()
                            .If(Guarded.absent(key))
                            .Then(Op.put(key, bytes(item), PutOption.DEFAULT))
                            .commit())
                    .isSucceeded();
        }
    }

    @Override
    public String take() throws InterruptedException {
        while (true) {
            GetResponse first = Must.answer(client.getKVClient().get(prefix, OLDEST));
            KeyValue item = first.getKvs().isEmpty()
                    ? nextPut(first.getHeader().getRevision())
                    : first.getKvs().get(0);
            if (delete(item)) {
                return item.getValue().toString();
            }
        }
    }

    private KeyValue nextPut(long from) {
        CompletableFuture<KeyValue> put = new CompletableFuture<>();
        WatchOption option = WatchOption.builder()
                .isPrefix(true)
                .withRevision(from)
                .withNoDelete(true)
                .build();
        Watcher watcher = client.getWatchClient()
                .watch(
                        prefix,
                        option,
                        answer -> answer.getEvents().stream()
                                .findFirst()
                                .map(WatchEvent::getKeyValue)
                                .ifPresent(put::complete),
                        put::completeExceptionally);
        try (watcher) {
            return Must.answer(put);
        }
    }

    private boolean delete(KeyValue item) {
        return Must.answer(client.getKVClient()
                        .txn()
                        .If(new Cmp(item.getKey(), Cmp.Op.EQUAL, CmpTarget.modRevision(item.getModRevision())))
                        .Then(Guarded.delete(item.getKey()))
                        .commit())
                .isSucceeded();
    }

    @Override
    public void close() {
        client.close();
    }
}
