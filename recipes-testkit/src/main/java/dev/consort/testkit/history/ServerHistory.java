/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.testkit.Commit;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchEvent.EventType;
import io.etcd.jetcd.watch.WatchResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The server's truth: every change of the keys below a prefix since a revision, by one watch. Its client must have no
 * faults, and its connection must last, for a watch of jetcd's may lose events when it breaks. This class is threadsafe.
 */
public final class ServerHistory implements AutoCloseable {
    private static final Duration ANSWER_TIME = Duration.ofSeconds(20);

    /**
     * One change of one key.
     *
     * @param key the key
     * @param revision when
     * @param deleted whether it was deleted, else it was put
     * @param created the create revision of what was put
     * @param lease its lease, 0 if it has none
     * @param value its value
     */
    public record Change(String key, long revision, boolean deleted, long created, long lease, String value) {}

    private final Client client;
    private final String prefix;
    private final Watch.Watcher watcher;
    private final Queue<Change> changes = new ConcurrentLinkedQueue<>();
    private final AtomicLong marks = new AtomicLong();
    private final ConcurrentMap<String, CompletableFuture<Void>> marked = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> broken = new CompletableFuture<>();

    private ServerHistory(Client client, String prefix, long from) {
        this.client = client;
        this.prefix = prefix;
        this.watcher = client.getWatchClient()
                .watch(
                        bytes(prefix),
                        WatchOption.builder().isPrefix(true).withRevision(from).build(),
                        Watch.listener(this::onResponse, broken::completeExceptionally));
    }

    /**
     * Begins to follow a prefix.
     *
     * @param prefix ends in a slash; {@code prefix + "mark/"} is used for marks of this history
     * @param from the first revision, which is not compacted
     */
    public static ServerHistory since(Client client, String prefix, long from) {
        return new ServerHistory(client, prefix, from);
    }

    private void onResponse(WatchResponse response) {
        for (WatchEvent event : response.getEvents()) {
            KeyValue kv = event.getKeyValue();
            String key = kv.getKey().toString(UTF_8);
            if (key.startsWith(prefix + "mark/")) {
                mark(key).complete(null);
            } else {
                changes.add(new Change(
                        key,
                        kv.getModRevision(),
                        event.getEventType() == EventType.DELETE,
                        kv.getCreateRevision(),
                        kv.getLease(),
                        kv.getValue().toString(UTF_8)));
            }
        }
    }

    private CompletableFuture<Void> mark(String key) {
        return marked.computeIfAbsent(key, unused -> new CompletableFuture<>());
    }

    /** Returns when every change that was made until now has been seen. */
    public void catchUp() {
        String key = prefix + "mark/" + marks.incrementAndGet();
        CompletableFuture<Void> seen = mark(key);
        try {
            var unused = client.getKVClient().put(bytes(key), bytes("")).get(ANSWER_TIME.toSeconds(), TimeUnit.SECONDS);
            CompletableFuture.anyOf(seen, broken).get(ANSWER_TIME.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the server's history cannot be followed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while following the server's history", e);
        }
        marked.remove(key);
    }

    /** The changes below a prefix until now, in the order of their revisions. */
    public List<Change> changesBelow(String below) {
        catchUp();
        return changes.stream().filter(change -> change.key().startsWith(below)).toList();
    }

    /**
     * The same, revision by revision, as an {@link dev.consort.testkit.EmbeddedEtcd} logs it; but that a key was put again since it
     * was created is version 2, however often.
     */
    public List<Commit> commitsBelow(String below) {
        Map<Long, List<Commit.Change>> revisions = new TreeMap<>();
        for (Change change : changesBelow(below)) {
            long version = change.deleted() ? 0 : change.created() == change.revision() ? 1 : 2;
            revisions
                    .computeIfAbsent(change.revision(), revision -> new ArrayList<>())
                    .add(new Commit.Change(
                            bytes(change.key()),
                            change.deleted(),
                            bytes(change.value()),
                            change.created(),
                            version,
                            change.lease()));
        }
        return revisions.entrySet().stream()
                .map(entry -> new Commit(0, entry.getKey(), entry.getValue()))
                .toList();
    }

    /** Forgets what was seen so far. */
    public void forget() {
        changes.clear();
    }

    @Override
    public void close() {
        watcher.close();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }
}
