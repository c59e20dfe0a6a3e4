/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.internal.Wait;
import dev.consort.election.MemberKeys.Own;

/**
 * One who waits for a member to be there with a value, or a later one.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class Presence extends Wait<Own, Boolean> {
    private final Stay stay;
    private final long number;
    private final boolean first;
    private boolean begun;

    /**
     * A wait.
     *
     * @param number of the value
     * @param first whether the stay begins with it; then it waits for the id, else only for etcd
     */
    Presence(Stay stay, long number, boolean first) {
        this.stay = stay;
        this.number = number;
        this.first = first;
    }

    @Override
    protected void look(Own state) {
        if (begun) {
            return;
        }
        begun = true;
        if (first || !stay.isGone()) {
            stay.await(this, first);
        } else {
            pass(false);
        }
    }

    /** The value of this number is there; whether that will do. */
    boolean isThere(long written) {
        if (number <= written) {
            pass(true);
        }
        return isOver();
    }

    /** It is not there, for a while or for good; whether this waits no longer. */
    boolean isMissing() {
        if (first) {
            mustWait();
        } else {
            pass(false);
        }
        return isOver();
    }

    void stop(RuntimeException why) {
        fail(why);
    }
}
