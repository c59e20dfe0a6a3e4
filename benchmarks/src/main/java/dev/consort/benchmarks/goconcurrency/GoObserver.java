/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.goconcurrency;

import dev.consort.benchmarks.jetcd.Guarded;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch.Listener;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The algorithm of {@code Election.Observe} in etcd's {@code client/v3/concurrency/election.go}: reads the oldest key of the queue;
 * if there is none, watches the prefix for the first put; then watches the leader's key until it is deleted, reporting each value,
 * and begins again. Each observer for itself.
 *
 * <p>Concurrency: what it waits for is the answer of one request or the events of one watch at a time, so all state is confined to
 * whichever callback runs. A watcher is closed by the callback that has heard enough.
 */
final class GoObserver implements AutoCloseable {
    private final Client client;
    private final ByteSequence prefix;
    private final Consumer<String> listener;
    private final Consumer<Throwable> failure;
    private volatile @Nullable Watcher watcher; // the present one
    private volatile boolean closed;

    GoObserver(Client client, ByteSequence prefix, Consumer<String> listener, Consumer<Throwable> failure) {
        this.client = client;
        this.prefix = prefix;
        this.listener = listener;
        this.failure = failure;
    }

    void look() {
        if (closed) {
            return;
        }
        var unused = client.getKVClient().get(prefix, Guarded.firstCreated()).whenComplete((answer, failed) -> {
            if (failed != null) {
                fail(failed);
            } else if (answer.getKvs().isEmpty()) {
                awaitLeader(answer);
            } else {
                KeyValue leader = answer.getKvs().get(0);
                tell(leader);
                follow(leader, answer.getHeader().getRevision());
            }
        });
    }

    private void awaitLeader(GetResponse nobody) {
        WatchOption option = WatchOption.builder()
                .isPrefix(true)
                .withRevision(nobody.getHeader().getRevision())
                .withNoDelete(true)
                .build();
        watch(prefix, option, new Once() {
            @Override
            boolean heard(WatchEvent event) {
                tell(event.getKeyValue());
                follow(event.getKeyValue(), event.getKeyValue().getModRevision());
                return true;
            }
        });
    }

    private void follow(KeyValue leader, long revision) {
        WatchOption option = WatchOption.builder().withRevision(revision + 1).build();
        watch(leader.getKey(), option, new Once() {
            @Override
            boolean heard(WatchEvent event) {
                if (event.getEventType() == WatchEvent.EventType.DELETE) {
                    look();
                    return true;
                }
                tell(event.getKeyValue());
                return false;
            }
        });
    }

    private void watch(ByteSequence key, WatchOption option, Once listening) {
        Watcher before = watcher;
        watcher = client.getWatchClient().watch(key, option, listening);
        if (before != null) {
            before.close();
        }
    }

    private void tell(KeyValue leader) {
        listener.accept(leader.getValue().toString());
    }

    private void fail(Throwable why) {
        if (!closed) {
            failure.accept(why);
        }
    }

    /** Listens until it has heard enough. */
    private abstract class Once implements Listener {
        private boolean enough; // confined to the watch's callbacks, which come one at a time

        abstract boolean heard(WatchEvent event);

        @Override
        public void onNext(WatchResponse answer) {
            for (WatchEvent event : answer.getEvents()) {
                if (!enough) {
                    enough = heard(event);
                }
            }
        }

        @Override
        public void onError(Throwable why) {
            fail(why);
        }

        @Override
        public void onCompleted() {}
    }

    @Override
    public void close() {
        closed = true;
        Watcher last = watcher;
        if (last != null) {
            last.close();
        }
    }
}
