/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All keys at all revisions since the last compaction: a sorted index of keys, each with its history, and the events of
 * each revision. Confined to the server's lock.
 */
final class MvccStore {
    /** What was found: the key-values up to the limit, and how many there are without it. */
    record Found(List<KeyValue> kvs, long count, long revision) {}

    private final NavigableMap<ByteString, KeyHistory> index = new TreeMap<>(KeyRange.ORDER);

    /** The events of the revisions since {@link #firstLogged}, without a gap. */
    private final List<List<Event>> events = new ArrayList<>();

    private long firstLogged = 2;
    private long revision = 1;
    private long compacted = -1;

    long revision() {
        return revision;
    }

    /** The revision of the last compaction, -1 if there was none. */
    long compacted() {
        return compacted;
    }

    /**
     * Reads at a revision.
     *
     * @param at 0 or less for the current one
     * @param current which one that is; in a transaction that has written, the one it makes
     * @param limit 0 for all
     * @throws io.grpc.StatusRuntimeException if the revision lies in the future or is compacted
     */
    Found range(KeyRange range, long at, long current, long limit, boolean countOnly) {
        if (at > current) {
            throw EtcdError.FUTURE_REVISION.failure();
        }
        long rev = at <= 0 ? current : at;
        if (rev < compacted) {
            throw EtcdError.COMPACTED.failure();
        }
        List<KeyValue> kvs = new ArrayList<>();
        if (range.isSingle()) {
            KeyValue kv = get(range.begin(), rev);
            if (kv != null && !countOnly) {
                kvs.add(kv);
            }
            return new Found(kvs, kv == null ? 0 : 1, current);
        }
        long count = 0;
        for (KeyHistory history : histories(range)) {
            KeyValue kv = history.at(rev);
            if (kv != null) {
                count++;
                if (!countOnly && (limit <= 0 || kvs.size() < limit)) {
                    kvs.add(kv);
                }
            }
        }
        return new Found(kvs, count, current);
    }

    /** A key at a revision that is not compacted. */
    @Nullable
    KeyValue get(ByteString key, long at) {
        KeyHistory history = index.get(key);
        return history == null ? null : history.at(at);
    }

    private Iterable<KeyHistory> histories(KeyRange range) {
        ByteString end = range.end();
        if (end == null) {
            throw new IllegalArgumentException("one key is no range");
        }
        if (end.isEmpty()) {
            return index.tailMap(range.begin(), true).values();
        }
        return KeyRange.ORDER.compare(range.begin(), end) >= 0
                ? List.of()
                : index.subMap(range.begin(), true, end, false).values();
    }

    List<ByteString> keys(KeyRange range) {
        List<ByteString> keys = new ArrayList<>();
        if (range.isSingle()) {
            KeyHistory history = index.get(range.begin());
            if (history != null && history.latest() != null) {
                keys.add(range.begin());
            }
            return keys;
        }
        for (KeyHistory history : histories(range)) {
            if (history.latest() != null) {
                keys.add(history.key);
            }
        }
        return keys;
    }

    @Nullable
    KeyValue latest(ByteString key) {
        KeyHistory history = index.get(key);
        return history == null ? null : history.latest();
    }

    /** Adds a version that belongs to the revision being made. */
    void append(ByteString key, @Nullable KeyValue kv) {
        index.computeIfAbsent(key, KeyHistory::new).add(new KeyHistory.Version(revision + 1, kv));
    }

    /** Ends the revision being made. */
    void commit(List<Event> changes) {
        revision++;
        events.add(changes);
    }

    /** The events of a revision that is not compacted. */
    List<Event> events(long at) {
        return events.get((int) (at - firstLogged));
    }

    /**
     * Forgets the history before a revision.
     *
     * @throws io.grpc.StatusRuntimeException if it is compacted already or lies in the future
     */
    void compact(long at) {
        if (at <= compacted) {
            throw EtcdError.COMPACTED.failure();
        }
        if (at > revision) {
            throw EtcdError.FUTURE_REVISION.failure();
        }
        compacted = at;
        index.values().removeIf(history -> history.compact(at));
        if (at > firstLogged) {
            events.subList(0, (int) (at - firstLogged)).clear();
            firstLogged = at;
        }
    }

    /** Becomes what it was at a revision, as after a restore from a backup. */
    void goBack(long to) {
        if (to < Math.max(1, compacted) || to > revision) {
            throw new IllegalArgumentException("revision " + to + " is not between " + Math.max(1, compacted)
                    + ", the last compaction, and " + revision + ", the current one");
        }
        index.values().removeIf(history -> history.truncate(to));
        int keep = (int) Math.max(0, to + 1 - firstLogged);
        events.subList(keep, events.size()).clear();
        revision = to;
    }

    /** All keys with a lease, and the lease of each. */
    List<KeyValue> current() {
        return index.values().stream()
                .map(KeyHistory::latest)
                .flatMap(java.util.stream.Stream::ofNullable)
                .toList();
    }
}
