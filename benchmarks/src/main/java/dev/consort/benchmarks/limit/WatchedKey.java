/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.limit;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.Contender;
import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.options.WatchOption;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** A key put by one client, and the event of it on the standing watch of another: the least by which one process can tell another. */
public final class WatchedKey implements Contender {
    private final LeasedClient writer;
    private final Client reader;
    private final Watcher watcher;
    private final ByteSequence key;
    private final BlockingQueue<Long> revisions = new LinkedBlockingQueue<>();

    public WatchedKey(String endpoint, String name) {
        writer = new LeasedClient(endpoint);
        reader = LeasedClient.open(endpoint);
        key = bytes(name);
        CompletableFuture<Void> created = new CompletableFuture<>();
        WatchOption option = WatchOption.builder().withCreateNotify(true).build();
        watcher = reader.getWatchClient().watch(key, option, answer -> {
            created.complete(null);
            answer.getEvents()
                    .forEach(event -> revisions.add(event.getKeyValue().getModRevision()));
        });
        var unused = Must.answer(created);
    }

    @Override
    public int participants() {
        return 1;
    }

    @Override
    public int operate(int participant) throws InterruptedException {
        long put = Must.answer(writer.kv().put(key, bytes(""), writer.leased()))
                .getHeader()
                .getRevision();
        Must.hold(revisions.take() == put, "an event of another put");
        return 1;
    }

    @Override
    public void close() {
        watcher.close();
        reader.close();
        writer.close();
    }
}
