/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Watches a critical section: nobody may enter while somebody is in it, and the claims of those who enter come in the
 * order of the queue. A turn begins after its holder learned that it holds, and ends before it asks to release, so what
 * is found to overlap did overlap. Thread-safe.
 */
final class Turns {
    private final AtomicInteger inside = new AtomicInteger();
    private final List<Long> revisions = Collections.synchronizedList(new ArrayList<>());
    private final List<String> overlaps = Collections.synchronizedList(new ArrayList<>());

    void begin(String who, long revision) {
        revisions.add(revision);
        int others = inside.getAndIncrement();
        if (others != 0) {
            overlaps.add(who + " entered beside " + others);
        }
    }

    void end() {
        inside.decrementAndGet();
    }

    int count() {
        return revisions.size();
    }

    List<Long> revisions() {
        return List.copyOf(revisions);
    }

    /** Claims may be shared by threads of one process, so their revisions may repeat. */
    void assertNoneOverlapped() {
        assertThat(overlaps).isEmpty();
        assertThat(revisions()).isSorted();
        assertThat(inside).hasValue(0);
    }
}
