/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Brings the events of a revision to the watches that match: a map for watches of one key, an index of ranges for the
 * others. Confined to the server's lock.
 *
 * <p>etcd serves a watch from a past revision within 100 ms; here it is served at once.
 */
final class WatchHub {
    /** The most revisions of the past in one response. */
    private static final int BATCH = 1000;

    private final MvccStore store;
    private final Map<ByteString, Set<Watcher>> byKey = new HashMap<>();
    private final RangeIndex<Watcher> byRange = new RangeIndex<>();

    WatchHub(MvccStore store) {
        this.store = store;
    }

    /** Begins a watch and tells it of the past it asks for; false, and nothing is begun, if that is compacted. */
    boolean add(Watcher watcher) {
        long current = store.revision();
        if (watcher.start() > 0 && watcher.start() <= current) {
            if (watcher.start() < store.compacted()) {
                watcher.markCompacted();
                return false;
            }
            tellPast(watcher, current);
            watcher.next(current + 1);
        } else {
            watcher.next(Math.max(current + 1, watcher.start()));
        }
        if (watcher.range().isSingle()) {
            byKey.computeIfAbsent(watcher.range().begin(), key -> new LinkedHashSet<>())
                    .add(watcher);
        } else {
            byRange.add(watcher.range(), watcher);
        }
        return true;
    }

    private void tellPast(Watcher watcher, long current) {
        List<Event> batch = new ArrayList<>();
        int revisions = 0;
        // The store begins with revision 1, which has no events.
        for (long rev = Math.max(2, watcher.start()); rev <= current; rev++) {
            int before = batch.size();
            boolean matches = false;
            for (Event event : store.events(rev)) {
                if (watcher.range().contains(event.getKv().getKey())) {
                    matches = true;
                    if (watcher.wants(event)) {
                        batch.add(event);
                    }
                }
            }
            if (matches && ++revisions > BATCH) {
                watcher.tell(current, List.copyOf(batch.subList(0, before)));
                batch.subList(0, before).clear();
                revisions = 1;
            }
        }
        watcher.tell(current, batch);
    }

    void remove(Watcher watcher) {
        if (!watcher.range().isSingle()) {
            byRange.remove(watcher.range(), watcher);
            return;
        }
        ByteString key = watcher.range().begin();
        Set<Watcher> watchers = byKey.get(key);
        if (watchers != null) {
            watchers.remove(watcher);
            if (watchers.isEmpty()) {
                byKey.remove(key);
            }
        }
    }

    /** The range of each watch. */
    List<KeyRange> ranges() {
        List<KeyRange> ranges = new ArrayList<>();
        byKey.values().forEach(watchers -> watchers.forEach(watcher -> ranges.add(watcher.range())));
        byRange.forEach(watcher -> ranges.add(watcher.range()));
        return ranges;
    }

    /** Tells of a revision that has just been made. */
    void publish(long revision, List<Event> events) {
        Map<Watcher, List<Event>> told = new LinkedHashMap<>();
        for (Event event : events) {
            ByteString key = event.getKv().getKey();
            Consumer<Watcher> tell = watcher -> {
                if (revision >= watcher.next()) {
                    List<Event> mine = told.computeIfAbsent(watcher, unused -> new ArrayList<>(events.size()));
                    if (watcher.wants(event)) {
                        mine.add(event);
                    }
                }
            };
            byKey.getOrDefault(key, Set.of()).forEach(tell);
            byRange.forEachCovering(key, tell);
        }
        told.forEach((watcher, mine) -> {
            watcher.next(revision + 1);
            watcher.tell(revision, mine);
        });
    }
}
