/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Where one session after another sits, and what was done to it. Used by one thread but for what callbacks ask. */
abstract class Seat implements AutoCloseable {
    private final List<Long> harms = new CopyOnWriteArrayList<>(); // read by callbacks
    private long robbed;
    private boolean duplicated;

    /** The session, a new one if the last was lost or closed. */
    abstract Contender contender();

    /** The session if there ever was one. */
    abstract @Nullable Contender present();

    /** Notes that its session, or a claim of it, is about to be harmed. */
    final void harm(long moment) {
        harms.add(moment);
    }

    /**
     * Notes that what it owns is about to be taken away behind its back, so that it may believe otherwise for a while.
     *
     * @param revision the server's
     */
    final void rob(long moment, long revision) {
        harm(moment);
        robbed = revision;
    }

    /** Whether a claim of that revision may have been taken away behind its back. */
    final boolean mayBeRobbedOf(long revision) {
        return revision <= robbed;
    }

    /** The first harm since a moment, else the last one before it, which may not have been noticed; 0 if there was none. */
    final long harmSince(long moment) {
        return harms.stream()
                .filter(harm -> harm >= moment)
                .findFirst()
                .orElseGet(() -> harms.isEmpty() ? 0L : harms.get(harms.size() - 1));
    }

    /** Whether a request may have been applied twice, and the answer be that of the second time: that it was too late. */
    final boolean duplicated() {
        return duplicated;
    }

    final void mayDuplicate() {
        duplicated = true;
    }

    final void forgetHarms() {
        harms.clear();
        robbed = 0;
        duplicated = false;
    }

    /** Has the next transaction struck. */
    abstract void fault(Step step);

    abstract int breakWatch();

    abstract void holdReplies(int millis);

    /** Ends all faults. What was to land late lands within its time. */
    abstract void heal();

    /** How often a fault had its effect. */
    abstract long hits(Step.Kind kind);

    abstract long watchesOpen();

    @Override
    public abstract void close();
}
