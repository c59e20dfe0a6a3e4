/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.Event;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * One watch. Confined to the server's lock, under which it is also told of events: the sink only remembers them.
 */
final class Watcher {
    private final KeyRange range;
    private final long start;
    private final boolean puts;
    private final boolean deletes;
    private final BiConsumer<Long, List<Event>> sink;
    private long next;
    private boolean compacted;

    /**
     * A watch.
     *
     * @param start the first revision, 0 for the next one
     * @param puts whether to tell of puts
     * @param deletes whether to tell of deletions
     * @param sink takes events and the revision that the store was at, in order
     */
    Watcher(KeyRange range, long start, boolean puts, boolean deletes, BiConsumer<Long, List<Event>> sink) {
        this.range = range;
        this.start = start;
        this.puts = puts;
        this.deletes = deletes;
        this.sink = sink;
        this.next = start;
    }

    KeyRange range() {
        return range;
    }

    long start() {
        return start;
    }

    /** The first revision it has not been told of; it takes none below. */
    long next() {
        return next;
    }

    void next(long revision) {
        next = revision;
    }

    /** It was told that its history is gone, and hears no more, but is not cancelled. */
    boolean isCompacted() {
        return compacted;
    }

    void markCompacted() {
        compacted = true;
    }

    boolean wants(Event event) {
        return event.getType() == Event.EventType.PUT ? puts : deletes;
    }

    void tell(long revision, List<Event> events) {
        if (!events.isEmpty()) {
            sink.accept(revision, events);
        }
    }
}
