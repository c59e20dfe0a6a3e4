/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.time.Duration;
import java.util.Objects;
import java.util.Random;

/**
 * Aims at the moment at which two events of a test meet, on whatever machine it runs: told after each round which of them
 * came first, it aims a little later or a little earlier, so that both orders come about as often. A fixed delay meets one
 * machine's speed only, and a race that never happens is a test that cannot fail.
 *
 * <pre>{@code
 * Staircase timeout = Staircase.from(Duration.ofMillis(2), 21);
 * for (int round = 0; round < 150; round++) {
 *   CompletableFuture<?> released = CompletableFuture.runAsync(grant::close);
 *   timeout.cameLate(mutex.tryAcquire(timeout.next()).isPresent()); // the grant was there first
 *   ...
 * }
 * assertThat(timeout.early()).isPositive();
 * assertThat(timeout.late()).isPositive();
 * }</pre>
 *
 * <p>The method is the up-and-down one of Dixon and Mood (A method for obtaining and analyzing sensitivity data, 1948), with
 * steps that are a factor of the delay, and with jitter, so that the moments around the meeting are tried as well.
 *
 * <p>Not thread-safe.
 */
public final class Staircase {
    private static final double STEP = 1.25;
    private static final double SHORTEST_NANOS = 1_000;
    private static final double LONGEST_NANOS = 5e9;

    private final Random random;
    private double aimNanos;
    private int early;
    private int late;

    private Staircase(Duration first, long seed) {
        this.aimNanos = first.toNanos();
        this.random = new Random(seed);
    }

    /**
     * Begins with a guess.
     *
     * @param first 1 microsecond to 5 seconds; how good it is matters for the first rounds only
     * @param seed of the jitter
     */
    public static Staircase from(Duration first, long seed) {
        Objects.requireNonNull(first, "first");
        if (first.toNanos() < SHORTEST_NANOS || first.toNanos() > LONGEST_NANOS) {
            throw new IllegalArgumentException("first delay is " + first + ": give 1 microsecond to 5 seconds");
        }
        return new Staircase(first, seed);
    }

    /** The delay of the next round: between half of what is aimed at and one and a half times that. */
    public Duration next() {
        return Duration.ofNanos((long) (aimNanos * (0.5 + random.nextDouble())));
    }

    /**
     * Says how the round ended.
     *
     * @param afterTheOther whether what was delayed came after the other event, so that the next delay is to be shorter
     */
    public void cameLate(boolean afterTheOther) {
        if (afterTheOther) {
            late++;
            aimNanos = Math.max(SHORTEST_NANOS, aimNanos / STEP);
        } else {
            early++;
            aimNanos = Math.min(LONGEST_NANOS, aimNanos * STEP);
        }
    }

    /** Rounds in which what was delayed came first. */
    public int early() {
        return early;
    }

    /** Rounds in which the other event came first. */
    public int late() {
        return late;
    }

    @Override
    public String toString() {
        return "Staircase[" + Duration.ofNanos((long) aimNanos) + ", early " + early + ", late " + late + "]";
    }
}
