/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.PrefixView.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A listener that keeps its own copy, and holds everything it is told against it: what was before must be what it knows,
 * versions go up by one, revisions go up, keys of a snapshot are in order. What is wrong is kept as text.
 *
 * <p>Thread-safe.
 */
final class ViewRecorder implements PrefixView.Listener {
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<ByteString, Entry> state = new TreeMap<>(ByteString.unsignedLexicographicalComparator());
    private final Map<Long, Integer> sizes = new LinkedHashMap<>();
    private final List<Cause> snapshots = new ArrayList<>();
    private final List<String> news = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private List<Change> lastDifferences = List.of();
    private long revision;
    private long events;

    @Override
    public void onSnapshot(Snapshot snapshot) {
        locked(() -> {
            snapshots.add(snapshot.cause());
            lastDifferences = snapshot.differences();
            if (snapshot.cause() == Cause.GAP) {
                snapshot.differences().forEach(change -> expect(snapshot.revision(), change));
                apply(snapshot.differences());
                if (!List.copyOf(state.values()).equals(snapshot.entries())) {
                    wrong.add("differences of " + snapshot.revision() + " do not lead to its entries");
                }
            }
            if (snapshot.revision() < revision) {
                wrong.add("snapshot of " + snapshot.revision() + " after " + revision);
            }
            revision = snapshot.revision();
            state.clear();
            Entry last = null;
            for (Entry entry : snapshot.entries()) {
                if (last != null
                        && ByteString.unsignedLexicographicalComparator().compare(last.key(), entry.key()) >= 0) {
                    wrong.add("snapshot of " + revision + " is out of order at " + entry.key());
                }
                last = entry;
                state.put(entry.key(), entry);
            }
        });
    }

    @Override
    public void onChanges(long of, List<Change> changes) {
        locked(() -> {
            if (of <= revision) {
                wrong.add("changes of " + of + " after " + revision);
            }
            revision = of;
            events += changes.size();
            sizes.put(of, changes.size());
            for (Change change : changes) {
                expect(of, change);
                Entry before = change.before();
                Entry after = change.after();
                if (after != null
                        && (after.modRevision() != of
                                || after.version() != (before == null ? 1 : before.version() + 1))) {
                    wrong.add(of + ": " + before + " became " + after);
                }
            }
            apply(changes);
        });
    }

    private void expect(long of, Change change) {
        if (!Objects.equals(state.get(change.key()), change.before())) {
            wrong.add(of + ": before " + change + " there was " + state.get(change.key()));
        }
    }

    private void apply(List<Change> changes) {
        for (Change change : changes) {
            Entry after = change.after();
            if (after == null) {
                state.remove(change.key());
            } else {
                state.put(after.key(), after);
            }
        }
    }

    @Override
    public void onStale() {
        locked(() -> news.add("stale"));
    }

    @Override
    public void onCurrent() {
        locked(() -> news.add("current"));
    }

    @Override
    public void onFailed(RecipeException why) {
        locked(() -> news.add(String.valueOf(why.getMessage())));
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
        } finally {
            lock.unlock();
        }
    }

    private <T> T copy(Supplier<T> of) {
        lock.lock();
        try {
            return of.get();
        } finally {
            lock.unlock();
        }
    }

    /** Keys and values as text. */
    Map<String, String> state() {
        return copy(() -> {
            Map<String, String> text = new HashMap<>();
            state.values()
                    .forEach(entry ->
                            text.put(entry.key().toStringUtf8(), entry.value().toStringUtf8()));
            return text;
        });
    }

    /** How many changes each revision had. */
    Map<Long, Integer> sizes() {
        return copy(() -> new LinkedHashMap<>(sizes));
    }

    List<Cause> snapshots() {
        return copy(() -> List.copyOf(snapshots));
    }

    List<String> news() {
        return copy(() -> List.copyOf(news));
    }

    List<String> wrong() {
        return copy(() -> List.copyOf(wrong));
    }

    List<Change> lastDifferences() {
        return copy(() -> lastDifferences);
    }

    long revision() {
        return copy(() -> revision);
    }

    long events() {
        return copy(() -> events);
    }
}
