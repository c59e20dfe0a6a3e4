/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a {@link FaultProxy} does to the network at its time of a {@link NetworkSchedule}.
 *
 * @param at the time since the schedule began, zero or more
 * @param kind what happens
 * @param direction to which direction; null for both. {@link Kind#CUT} needs one; it means nothing to the kinds that are
 *     about connections as a whole: {@code REFUSE}, {@code ACCEPT} and {@code RESTORE}
 * @param amount as the kind says, zero or more
 */
public record NetworkFault(Duration at, Kind kind, @Nullable Direction direction, long amount) {
    /** What can happen, each as the method of {@link FaultProxy} that is named. */
    public enum Kind {
        /** {@link FaultProxy#delay(Duration)}: so many milliseconds, zero to end it. */
        DELAY("ms"),
        /** {@link FaultProxy#rate(long)}: so many bytes a second, zero for no limit. */
        RATE("bytes/s"),
        /** {@link FaultProxy#stopForwarding()}. */
        STOP(""),
        /** {@link FaultProxy#resumeForwarding()}. */
        RESUME(""),
        /** {@link FaultProxy#reset()}. */
        RESET(""),
        /** {@link FaultProxy#cutAfter}: after so many bytes. */
        CUT("bytes"),
        /** {@link FaultProxy#refuse()}. */
        REFUSE(""),
        /** {@link FaultProxy#accept()}. */
        ACCEPT(""),
        /** All of the above that lasts ends; as {@link FaultProxy#restore()}, but the schedule goes on. */
        RESTORE("");

        private final String unit;

        Kind(String unit) {
            this.unit = unit;
        }
    }

    /** Checks the values. */
    public NetworkFault {
        if (at.isNegative() || amount < 0) {
            throw new IllegalArgumentException("neither time nor amount may be negative: " + at + ", " + amount);
        }
        if (kind == Kind.CUT && direction == null) {
            throw new IllegalArgumentException("a cut needs a direction");
        }
    }

    /** On the proxy's thread. */
    void strike(ProxyLoop loop) throws IOException {
        List<Direction> directions = direction == null ? List.of(Direction.values()) : List.of(direction);
        switch (kind) {
            case DELAY ->
                directions.forEach(way ->
                        loop.flow(way).delayNanos = Duration.ofMillis(amount).toNanos());
            case RATE -> directions.forEach(way -> loop.flow(way).rate(amount, System.nanoTime()));
            case STOP -> directions.forEach(way -> loop.flow(way).stopped = true);
            case RESUME -> directions.forEach(way -> loop.flow(way).stopped = false);
            case CUT -> directions.forEach(way -> loop.flow(way).cutAfter(amount, null));
            case RESET -> {
                if (direction == null) {
                    loop.resetAll();
                } else {
                    loop.resetAll(direction);
                }
            }
            case REFUSE -> loop.refuse();
            case ACCEPT -> loop.listen();
            case RESTORE -> loop.restore();
        }
    }

    @Override
    public String toString() {
        return String.format(
                        Locale.ROOT,
                        "%.3f s %s%s%s",
                        at.toMillis() / 1000.0,
                        kind,
                        direction == null ? "" : " " + direction,
                        kind.unit.isEmpty() ? "" : " " + amount + " " + kind.unit)
                .strip();
    }
}
