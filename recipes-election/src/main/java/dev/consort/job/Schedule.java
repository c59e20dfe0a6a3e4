/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import com.cronutils.model.Cron;
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Objects;
import java.util.Optional;

/** When a job is due. Its text tells all of it. Immutable. */
interface Schedule {
    /** The first due time after another time; empty if there is none. */
    Optional<Instant> after(Instant time);

    /** The last due time up to another time, after the first of them, which it is if there is no other. */
    Instant latest(Instant first, Instant time);

    /** For people, and for {@link #read}. */
    String text();

    /** By what another process says of it; empty if that is of a later version, and not understood. */
    static Optional<Schedule> read(String text) {
        String[] words = text.split(" ", 2);
        try {
            if (words[0].equals("every") && words.length == 2) {
                return Optional.of(new Every(Duration.parse(words[1])));
            }
            if (words[0].equals("cron") && words.length == 2) {
                int zone = words[1].lastIndexOf(' ');
                return Optional.of(new CronTimes(words[1].substring(0, zone), zone(words[1].substring(zone + 1))));
            }
        } catch (IllegalArgumentException | DateTimeException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    /** A zone by its name. */
    static ZoneId zone(String name) {
        try {
            return ZoneId.of(Objects.requireNonNull(name, "zone"));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "there is no time zone '" + name + "': give one such as Europe/Berlin or UTC", e);
        }
    }

    /** All multiples of a period since the epoch, so that no process needs to know when another one began. */
    record Every(Duration period) implements Schedule {
        private static final Duration LONGEST = Duration.ofDays(3_650);

        public Every {
            if (period.compareTo(Duration.ofMillis(1)) < 0 || period.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(
                        "period " + period + " is not within 1 ms to 3,650 days: give one that is");
            }
        }

        @Override
        public Optional<Instant> after(Instant time) {
            long millis = period.toMillis();
            return Optional.of(Instant.ofEpochMilli((Math.floorDiv(time.toEpochMilli(), millis) + 1) * millis));
        }

        @Override
        public Instant latest(Instant first, Instant time) {
            long millis = period.toMillis();
            return Instant.ofEpochMilli(Math.floorDiv(time.toEpochMilli(), millis) * millis);
        }

        @Override
        public String text() {
            return "every " + period;
        }
    }

    /** The times of a cron expression. */
    final class CronTimes implements Schedule {
        private final String expression;
        private final ZoneId zone;
        private final ExecutionTime times;

        CronTimes(String expression, ZoneId zone) {
            this.expression = Objects.requireNonNull(expression, "expression").trim();
            this.zone = Objects.requireNonNull(zone, "zone");
            try {
                Cron cron = new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX))
                        .parse(this.expression)
                        .validate();
                this.times = ExecutionTime.forCron(cron);
            } catch (RuntimeException e) { // what the parser throws is not always what it says
                throw new IllegalArgumentException(
                        "cron expression '" + expression + "' cannot be read: " + e.getMessage()
                                + "; give minute, hour, day of month, month and day of week, such as 0 2 * * 1-5",
                        e);
            }
            if (after(Instant.EPOCH).isEmpty()) {
                throw new IllegalArgumentException("cron expression '" + expression + "' never comes due");
            }
        }

        @Override
        public Optional<Instant> after(Instant time) {
            return times.nextExecution(time.atZone(zone)).map(ZonedDateTime::toInstant);
        }

        @Override
        public Instant latest(Instant first, Instant time) {
            Instant latest = times.lastExecution(time.plusNanos(1).atZone(zone))
                    .map(ZonedDateTime::toInstant)
                    .filter(last -> last.isAfter(first) && !last.isAfter(time))
                    .orElse(first);
            // The library looks back and ahead by different ways: what is ahead decides.
            for (Optional<Instant> next = after(latest);
                    next.isPresent() && !next.get().isAfter(time);
                    next = after(latest)) {
                latest = next.get();
            }
            return latest;
        }

        @Override
        public String text() {
            return "cron " + expression + " " + zone;
        }

        @Override
        public String toString() {
            return text();
        }
    }
}
