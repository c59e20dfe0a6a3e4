/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

/** The states of a {@link Session}: {@code ACTIVE <-> AT_RISK -> LOST}, and {@code CLOSED} from any but LOST. */
public enum SessionState {
    /** The lease is renewed in time. To AT_RISK, LOST, CLOSED. */
    ACTIVE,
    /** Half of the TTL has passed without an answer; what is held is still held. To ACTIVE, LOST, CLOSED. */
    AT_RISK,
    /** The lease is gone or may be gone. Final: nothing is held any more. */
    LOST,
    /** Closed or orphaned by this process. Final. */
    CLOSED;

    /**
     * Whether no other state can follow.
     *
     * @return true for {@link #LOST} and {@link #CLOSED}
     */
    public boolean isFinal() {
        return this == LOST || this == CLOSED;
    }
}
