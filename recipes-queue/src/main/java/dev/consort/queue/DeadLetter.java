/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** An item that is not delivered any more, as it was when it was listed. Immutable. */
public final class DeadLetter {
    private final String id;
    private final byte[] value;
    private final String reason;
    private final long attempts;

    DeadLetter(String id, byte[] value, String reason, long attempts) {
        this.id = id;
        this.value = value.clone();
        this.reason = reason;
        this.attempts = attempts;
    }

    /**
     * Which one it is.
     *
     * @return no other of its queue has it
     */
    public String id() {
        return id;
    }

    /**
     * The bytes that were offered.
     *
     * @return a copy
     */
    public byte[] value() {
        return value.clone();
    }

    /**
     * Why it is not delivered any more.
     *
     * @return for people
     */
    public String reason() {
        return reason;
    }

    /**
     * How often it was delivered.
     *
     * @return 1 or more; 0 if that is not known
     */
    public long attempts() {
        return attempts;
    }

    /** Without the value, which may be nobody's business. */
    @Override
    public String toString() {
        return "DeadLetter " + id + ", " + value.length + " bytes, attempts " + attempts + ": " + reason;
    }
}
