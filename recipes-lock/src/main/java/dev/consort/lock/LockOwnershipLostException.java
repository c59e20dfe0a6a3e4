/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

/** A thread unlocks, or locks again, what it had locked and has lost since: what it protected may have been changed. */
public final class LockOwnershipLostException extends IllegalMonitorStateException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message which lock, and with which token it was held
     */
    public LockOwnershipLostException(String message) {
        super(message);
    }
}
