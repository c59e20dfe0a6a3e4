/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

/**
 * One who waits for a {@link KeptKey} to be there with a value, or a later one.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class KeyPresence extends Wait<KeyStay.Own, Boolean> {
    private final KeyStay stay;
    private final long number;
    private final boolean first;
    private boolean begun;

    /**
     * A wait.
     *
     * @param number of the value
     * @param first whether the stay begins with it; then it waits for the key, else only for etcd
     */
    KeyPresence(KeyStay stay, long number, boolean first) {
        this.stay = stay;
        this.number = number;
        this.first = first;
    }

    @Override
    protected void look(KeyStay.Own state) {
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
