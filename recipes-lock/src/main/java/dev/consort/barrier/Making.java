/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Putting the key that stays, by the first who needs it. Nothing but its absence can be compared, so a put that is late would
 * put it again after somebody deleted it: (!) nobody goes on to use it while a put of his own is not answered, though the view
 * shows that somebody else has made it. So when all who used it are done no put is under way.
 *
 * <p>Concurrency: confined to the rendezvous's serializer.
 */
final class Making {
    private final Rendezvous<?> at;
    private final Supplier<Step> put;
    private final List<Runnable> then = new ArrayList<>();
    private boolean underWay;

    /**
     * One for all that wait at a place.
     *
     * @param put puts the key if it is absent
     */
    Making(Rendezvous<?> at, Supplier<Step> put) {
        this.at = at;
        this.put = put;
    }

    /** Puts it; who waits goes on when the view shows it. */
    void begin() {
        if (!underWay) {
            underWay = true;
            at.take(put.get(), answer -> ended(), why -> {
                underWay = false;
                at.failAll(why);
                ended();
            });
        }
    }

    /** Whether it is being put now; then it is told when that has been answered. */
    boolean isUnderWay(Runnable whenAnswered) {
        if (underWay) {
            then.add(whenAnswered);
        }
        return underWay;
    }

    private void ended() {
        underWay = false;
        List<Runnable> told = List.copyOf(then);
        then.clear();
        told.forEach(Runnable::run);
    }
}
