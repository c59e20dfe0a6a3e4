/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.PrefixView.Snapshot;
import io.etcd.jetcd.api.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The copy behind all views of one prefix or key: reads it at a revision, then watches from the next one on. When the watch ends
 * with a gap it reads again, and tells what is different.
 *
 * <p>Concurrency: state is confined to {@link #serializer}, but for {@link #closed}.
 */
final class PrefixMirror implements WatchHub.Listener {
    private static final Logger log = LoggerFactory.getLogger(PrefixMirror.class);
    private static final Duration ASK_AGAIN = Duration.ofSeconds(5);
    private static final int OLDER_READS = 4;

    private final EtcdConnection connection;
    private final KeyRange range;
    private final Serializer serializer = new Serializer();
    private volatile boolean closed; // set once, by any thread
    // Confined to serializer.
    private final Set<ViewSubscriber> subscribers = new LinkedHashSet<>();
    private SortedMap<ByteString, Entry> entries = byKey();
    private long revision; // 0 until read
    private boolean reading;
    private int older; // readings in a row that were behind what is known
    private boolean stale;
    private @Nullable List<Entry> copy; // of the entries, until they change
    private @Nullable CallFailure refused; // since when it cannot be read
    private @Nullable Watch watch;

    PrefixMirror(EtcdConnection connection, KeyRange range) {
        this.connection = connection;
        this.range = range;
    }

    private static SortedMap<ByteString, Entry> byKey() {
        return new TreeMap<>(ByteString.unsignedLexicographicalComparator());
    }

    // Subscribers

    void add(ViewSubscriber subscriber) {
        serializer.execute(() -> {
            if (closed) {
                subscriber.offerEnd();
                return;
            }
            subscribers.add(subscriber);
            if (refused != null) {
                subscriber.offerFailed(refused.toException(subscriber.recipe(), subscriber.prefix()));
            } else if (revision == 0 && !reading) {
                read();
            } else if (!reading) {
                subscriber.offerSnapshot(revision, copy());
                if (stale) {
                    subscriber.offerStale();
                }
            }
        });
    }

    void remove(ViewSubscriber subscriber) {
        serializer.execute(() -> subscribers.remove(subscriber));
    }

    /** To one that fell behind; while the prefix is read again, that is what it is told. */
    void resend(ViewSubscriber subscriber) {
        serializer.execute(() -> {
            if (!reading && subscribers.contains(subscriber)) {
                subscriber.offerSnapshot(revision, copy());
            }
        });
    }

    private List<Entry> copy() {
        List<Entry> now = copy;
        if (now == null) {
            now = List.copyOf(entries.values());
            copy = now;
        }
        return now;
    }

    void close() {
        closed = true;
        serializer.execute(() -> {
            subscribers.forEach(ViewSubscriber::offerEnd);
            subscribers.clear();
            entries = byKey();
            copy = null;
            if (watch != null) {
                watch.cancel();
            }
        });
    }

    // Reading

    private void read() {
        reading = true;
        Completion.of(
                PrefixReader.read(connection, range, () -> !closed),
                (answer, failure) -> serializer.execute(() -> {
                    if (closed) {
                        return;
                    }
                    if (failure == null) {
                        onRead(answer);
                    } else {
                        onFailure((CallFailure) failure);
                    }
                }));
    }

    private void onRead(PrefixReader.Reading answer) {
        if (answer.revision() < revision && older < OLDER_READS) {
            // Some versions answer so after a change of leader. If it stays so, etcd was set back to a backup.
            readAgainAfter(connection.calls().pause(older++));
            return;
        }
        older = 0;
        SortedMap<ByteString, Entry> read = byKey();
        answer.entries().forEach(entry -> read.put(entry.key(), entry));
        boolean first = revision == 0;
        List<Change> differences = first ? List.of() : differences(entries, read);
        entries = read;
        revision = answer.revision();
        copy = null;
        reading = false;
        refused = null;
        watch = connection.watches().watch(WatchHub.range(range), revision + 1, this);
        if (!first) {
            log.info("View of '{}': read again at revision {}, {} changes", text(), revision, differences.size());
            Snapshot gap = new Snapshot(revision, copy(), Cause.GAP, differences);
            subscribers.forEach(subscriber -> subscriber.offerGap(gap));
        }
        subscribers.forEach(subscriber -> subscriber.offerSnapshot(revision, copy()));
    }

    /** What turns the one into the other, in the order of keys. */
    private static List<Change> differences(SortedMap<ByteString, Entry> before, SortedMap<ByteString, Entry> after) {
        SortedMap<ByteString, Change> changes = new TreeMap<>(before.comparator());
        before.forEach((key, entry) -> {
            if (!entry.equals(after.get(key))) {
                changes.put(key, new Change(entry, after.get(key)));
            }
        });
        after.forEach((key, entry) -> {
            if (!before.containsKey(key)) {
                changes.put(key, new Change(null, entry));
            }
        });
        return List.copyOf(changes.values());
    }

    private void onFailure(CallFailure failure) {
        if (connection.calls().isShutDown()) {
            return;
        }
        log.warn("View of '{}' cannot be read ({})", text(), failure.getMessage());
        refused = failure;
        subscribers.forEach(
                subscriber -> subscriber.offerFailed(failure.toException(subscriber.recipe(), subscriber.prefix())));
        readAgainAfter(ASK_AGAIN);
    }

    private void readAgainAfter(Duration pause) {
        Runnable again = () -> {
            if (!closed) {
                read();
            }
        };
        connection.timing().schedule(pause, () -> serializer.execute(again));
    }

    private String text() {
        return connection.relative(range.key()).toStringUtf8();
    }

    // The watch

    @Override
    public void onEvents(List<Event> events) {
        serializer.execute(() -> {
            if (closed || reading) {
                return;
            }
            List<ViewSubscriber.Told> batch = new ArrayList<>();
            int start = 0;
            for (int i = 1; i <= events.size(); i++) {
                if (i == events.size() || revisionOf(events.get(i)) != revisionOf(events.get(start))) {
                    batch.add(apply(revisionOf(events.get(start)), events.subList(start, i)));
                    start = i;
                }
            }
            copy = null;
            subscribers.forEach(subscriber -> subscriber.offerChanges(batch));
        });
    }

    private static long revisionOf(Event event) {
        return event.getKv().getModRevision();
    }

    private ViewSubscriber.Told apply(long of, List<Event> events) {
        List<Change> changes = new ArrayList<>(events.size());
        for (Event event : events) {
            Entry entry = Entry.of(connection, event.getKv());
            boolean deleted = event.getType() == Event.EventType.DELETE;
            Entry before = deleted ? entries.remove(entry.key()) : entries.put(entry.key(), entry);
            changes.add(new Change(before, deleted ? null : entry));
        }
        revision = of;
        return new ViewSubscriber.Told(of, List.copyOf(changes));
    }

    @Override
    public void onCreated() {
        serializer.execute(() -> {
            if (stale && !closed) {
                stale = false;
                subscribers.forEach(ViewSubscriber::offerCurrent);
            }
        });
    }

    @Override
    public void onBroken() {
        serializer.execute(() -> {
            if (!stale && !closed) {
                stale = true;
                subscribers.forEach(ViewSubscriber::offerStale);
            }
        });
    }

    @Override
    public void onGap() {
        serializer.execute(() -> {
            if (!closed && !reading) {
                read();
            }
        });
    }

    @Override
    public void onRefused(String reason) {
        serializer.execute(() -> {
            if (!closed) {
                reading = true;
                onFailure(CallFailure.watchRefused(reason));
            }
        });
    }
}
