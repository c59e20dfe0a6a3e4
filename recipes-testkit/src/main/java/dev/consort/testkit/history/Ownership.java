/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/**
 * What is done to something that one owner at a time may hold, a mutex or a leadership, with rising tokens; or one writer or
 * several readers, with tokens that rise from each writer to the next and to the readers between.
 */
public sealed interface Ownership {
    /** Whose operation it is, or who was seen. */
    long token();

    /**
     * OK: it was granted. Attempts that fail need not be recorded: they have no effect that anybody sees.
     *
     * @param shared whether others may hold it too, who share it likewise
     */
    record Acquired(long token, String value, boolean shared) implements Ownership {
        /** To one who holds it alone. */
        public Acquired(long token, String value) {
            this(token, value, false);
        }
    }

    /** OK: it was held until then. FAILED: it was not held by this token any more. */
    record Released(long token) implements Ownership {}

    /** OK: somebody took it away, at some time after what the invocation says, and its owner was told. */
    record Lost(long token) implements Ownership {}

    /** A write guarded by the token; OK: applied. FAILED: refused, since the token was not the owner's any more. */
    record Written(long token) implements Ownership {}

    /** A change of the owner's value; outcomes as of {@link Written}. */
    record Proclaimed(long token, String value) implements Ownership {}

    /** OK: what somebody read of the owner; token 0 if there was none. */
    record Seen(long token, String value) implements Ownership {}
}
