/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongUnaryOperator;

/**
 * The pauses of a loop whose rounds fail: each up to twice as long as the one before, up to a limit, and with jitter so
 * that many processes do not come back at once. Confined to the loop's thread.
 */
public final class Backoff {
    private final long firstNanos;
    private final long longestNanos;
    private long next;

    /** Pauses between half of the first and the longest. */
    public Backoff(Duration first, Duration longest) {
        firstNanos = first.toNanos();
        longestNanos = longest.toNanos();
        next = firstNanos;
    }

    /**
     * The pause after a round that failed.
     *
     * @param round how long it took; one that took longer than the longest pause has paused enough
     */
    public Duration after(Duration round) {
        if (round.toNanos() > longestNanos) {
            next = firstNanos;
        }
        long bound = next;
        next = Math.min(longestNanos, next * 2);
        return jittered(bound, ThreadLocalRandom.current()::nextLong);
    }

    /** Between half of the bound and all of it. */
    static Duration jittered(long boundNanos, LongUnaryOperator random) {
        return Duration.ofNanos(boundNanos / 2 + random.applyAsLong(boundNanos / 2 + 1));
    }

    /** A round succeeded: begin with the first pause again. */
    public void reset() {
        next = firstNanos;
    }
}
