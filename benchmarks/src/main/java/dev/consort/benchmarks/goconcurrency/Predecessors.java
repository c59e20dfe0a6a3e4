/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.goconcurrency;

import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.jetcd.Guarded;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.util.concurrent.CompletableFuture;

/**
 * Waiting until no key of a queue is older: looks for the youngest of those that are, watches it from the revision of that look
 * until it is deleted, and looks again. As {@code waitDeletes} in etcd's {@code client/v3/concurrency/key.go}.
 */
final class Predecessors {
    private Predecessors() {}

    static void awaitGone(Client client, ByteSequence prefix, long upTo) {
        while (true) {
            GetResponse last = Must.answer(client.getKVClient().get(prefix, Guarded.lastCreated(upTo)));
            if (last.getKvs().isEmpty()) {
                return;
            }
            awaitDeleted(client, last.getKvs().get(0).getKey(), last.getHeader().getRevision());
        }
    }

    private static void awaitDeleted(Client client, ByteSequence key, long from) {
        CompletableFuture<Void> deleted = new CompletableFuture<>();
        WatchOption option = WatchOption.builder().withRevision(from).build();
        Watcher watcher = client.getWatchClient()
                .watch(
                        key,
                        option,
                        answer -> {
                            if (answer.getEvents().stream()
                                    .anyMatch(event -> event.getEventType() == WatchEvent.EventType.DELETE)) {
                                deleted.complete(null);
                            }
                        },
                        deleted::completeExceptionally);
        try (watcher) {
            var unused = Must.answer(deleted);
        }
    }
}
