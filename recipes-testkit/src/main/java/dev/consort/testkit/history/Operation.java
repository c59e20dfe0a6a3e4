/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/**
 * An operation of a client. Moments are numbers that only compare.
 *
 * @param client who did it
 * @param what what it was, with its result
 * @param outcome how it ended
 * @param invoked when it began
 * @param completed when its client was told; {@link #NEVER} for one whose outcome is unknown
 * @param <O> the operations of the model
 */
public record Operation<O>(int client, O what, Outcome outcome, long invoked, long completed) {
    /** After everything. */
    public static final long NEVER = Long.MAX_VALUE;

    /** One line, for the message of a failed test. */
    @Override
    public String toString() {
        String end = completed == NEVER ? "..." : Long.toString(completed);
        return "[" + invoked + ", " + end + "] client " + client + " " + what + " " + outcome;
    }
}
