/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.Event;
import java.util.ArrayList;
import java.util.List;

/** Every revision that was ever made, in the order in which they were. Confined to the server's lock. */
public final class CommitLog {
    /**
     * One revision.
     *
     * @param restores how often the server had gone back to an earlier revision before
     * @param revision its number
     * @param events what it changed
     */
    public record Entry(int restores, long revision, List<Event> events) {}

    private final List<Entry> entries = new ArrayList<>();
    private int restores;

    CommitLog() {}

    void add(long revision, List<Event> events) {
        entries.add(new Entry(restores, revision, events));
    }

    void goBack(long revision) {
        restores++;
    }

    List<Entry> entries() {
        return after(0);
    }

    List<Entry> after(int count) {
        return List.copyOf(entries.subList(count, entries.size()));
    }
}
