/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.stress.Step.Kind;
import java.util.List;

/** A few steps that random choice alone brings together too seldom: what other libraries fell over. */
public enum Plot {
    /** A guarded write lands after its owner gave back, when another client of the same session owns. */
    LATE_WRITE,
    /** The one before leaves while the waiter's watch stream is down, and it breaks again before it says so. */
    WAKE_UP_LOST,
    /** A claim lands when nobody waits for it any more. */
    LATE_CLAIM,
    /** The answer to a renewal comes late, and then nothing comes through until the lease has run out. */
    LATE_RENEWAL,
    /** The grant comes as its waiter cancels. */
    CANCELLED_GRANT,
    /** The grant comes as its waiter's timeout ends. */
    TIMED_OUT_GRANT;

    /** Its steps, with a client in the main part. */
    public List<Step> steps(int who) {
        return switch (this) {
            case LATE_WRITE ->
                List.of(
                        step(Kind.ACQUIRE, who, 0),
                        step(Kind.AWAIT, who, 8),
                        step(Kind.ACQUIRE, who + Step.MATE, 0),
                        step(Kind.LAND_LATE, who, 8),
                        step(Kind.WRITE, who, 0),
                        step(Kind.RELEASE, who, 0),
                        step(Kind.AWAIT, who, 8),
                        step(Kind.WRITE, who + Step.MATE, 0),
                        step(Kind.AWAIT, who, 8),
                        step(Kind.WRITE, who + Step.MATE, 0),
                        step(Kind.PAUSE, who, 10),
                        step(Kind.RELEASE, who + Step.MATE, 0));
            case WAKE_UP_LOST ->
                List.of(
                        step(Kind.ACQUIRE, who + 1, 0),
                        step(Kind.AWAIT, who, 8),
                        step(Kind.ACQUIRE, who, 0),
                        step(Kind.PAUSE, who, 80),
                        step(Kind.BREAK_WATCH, who, 0),
                        step(Kind.RELEASE, who + 1, 0),
                        step(Kind.PAUSE, who, 50),
                        step(Kind.BREAK_WATCH, who, 0));
            case LATE_CLAIM ->
                List.of(
                        step(Kind.LAND_LATE, who, 8),
                        step(Kind.TIMED, who, 2),
                        step(Kind.AWAIT, who, 8),
                        step(Kind.RELEASE, who, 0),
                        step(Kind.TRY, who, 0));
            case CANCELLED_GRANT ->
                List.of(
                        step(Kind.ACQUIRE, who, 0),
                        step(Kind.AWAIT, who, 8),
                        step(Kind.ACQUIRE, who + 1, 0),
                        step(Kind.PAUSE, who, 3),
                        step(Kind.RELEASE, who, 0),
                        step(Kind.PAUSE, who, 1),
                        step(Kind.CANCEL, who + 1, 0),
                        step(Kind.TRY, who, 0));
            case TIMED_OUT_GRANT ->
                List.of(
                        step(Kind.ACQUIRE, who, 0),
                        step(Kind.AWAIT, who, 8),
                        step(Kind.TIMED, who + 1, 3),
                        step(Kind.PAUSE, who, 2),
                        step(Kind.RELEASE, who, 0),
                        step(Kind.PAUSE, who, 5),
                        step(Kind.TRY, who, 0));
            case LATE_RENEWAL ->
                List.of(
                        step(Kind.ACQUIRE, who, 0),
                        step(Kind.AWAIT, who, 8),
                        step(Kind.ACQUIRE, who + 1, 0),
                        step(Kind.DEAFEN, who, 4),
                        step(Kind.PASS, who, 4),
                        step(Kind.SILENCE, who, 8),
                        step(Kind.PASS, who, 8));
        };
    }

    private static Step step(Kind kind, int who, int amount) {
        return new Step(kind, who, amount);
    }
}
