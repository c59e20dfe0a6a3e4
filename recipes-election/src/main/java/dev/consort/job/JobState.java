/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.job.ClusteredJobs.Outcome;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a job whoever leads it, as its durable key says it: a line for each of these. Only the leader writes it.
 * Immutable.
 *
 * @param schedule when it is due, as text
 * @param last up to which due time all is done or left out
 * @param outcome of the last run that ended
 * @param ended when it did, or failed and is to be tried again
 * @param due of the run that was begun and has not ended
 * @param manual the mod revision of the trigger of that run; 0 if it is due by the schedule
 * @param attempt which attempt it is, or was
 * @param failures how many of them have failed
 * @param begun when the last attempt was
 * @param triggered the mod revision of the trigger that was run last
 * @param token of the last attempt
 * @param by who made it
 * @param waiting the due time that is to be tried again after the runs by hand that went before it
 */
record JobState(
        String schedule,
        Instant last,
        Outcome outcome,
        Optional<Instant> ended,
        Optional<Instant> due,
        long manual,
        int attempt,
        int failures,
        Optional<Instant> begun,
        long triggered,
        long token,
        String by,
        Optional<Waiting> waiting) {

    /**
     * A due time that was begun and not completed.
     *
     * @param attempt the last one
     * @param failed when that failed; empty if it did not come so far
     */
    record Waiting(Instant due, int attempt, int failures, Optional<Instant> failed) {
        private String text() {
            return due + " " + attempt + " " + failures + " " + time(failed);
        }

        private static Optional<Waiting> read(String text) {
            String[] words = text.split(" ", -1);
            return text.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Waiting(
                            Instant.parse(words[0]),
                            Integer.parseInt(words[1]),
                            Integer.parseInt(words[2]),
                            instant(words[3])));
        }
    }

    /** Of a job that nobody has ever led: nothing before now is due. */
    static JobState first(String schedule, Instant now) {
        Optional<Instant> none = Optional.empty();
        return new JobState(schedule, millis(now), Outcome.NONE, none, none, 0, 0, 0, none, 0, 0, "", Optional.empty());
    }

    private static Instant millis(Instant time) {
        return time.truncatedTo(ChronoUnit.MILLIS);
    }

    JobState dueBy(String newSchedule) {
        return new JobState(
                newSchedule,
                last,
                outcome,
                ended,
                due,
                manual,
                attempt,
                failures,
                begun,
                triggered,
                token,
                by,
                waiting);
    }

    /** A run is begun, for the first time or again. */
    JobState begin(Plan.Fire fire, Instant now, long newToken, String who) {
        return new JobState(
                schedule,
                last,
                outcome,
                ended,
                Optional.of(millis(fire.due())),
                fire.trigger(),
                fire.attempt(),
                fire.failures(),
                Optional.of(millis(now)),
                triggered,
                newToken,
                who,
                fire.trigger() == 0 ? Optional.empty() : interrupted());
    }

    /** What waits while a run by hand goes before it. */
    private Optional<Waiting> interrupted() {
        return manual != 0
                ? waiting
                : due.map(begun -> new Waiting(begun, attempt, failures, failed()))
                        .or(() -> waiting);
    }

    /** When the attempt of the due time that was begun last has failed. */
    private Optional<Instant> failed() {
        return failures == 0 ? Optional.empty() : ended;
    }

    /** An attempt has failed; there is another one. */
    JobState failed(Instant now) {
        return new JobState(
                schedule,
                last,
                outcome,
                Optional.of(millis(now)),
                due,
                manual,
                attempt,
                failures + 1,
                begun,
                triggered,
                token,
                by,
                waiting);
    }

    /** The run that was begun has ended. */
    JobState end(Outcome how, Instant now) {
        boolean isManual = manual != 0;
        return new JobState(
                schedule,
                isManual ? last : due.orElse(last),
                how,
                Optional.of(millis(now)),
                Optional.empty(),
                0,
                attempt,
                0,
                begun,
                isManual ? manual : triggered,
                token,
                by,
                waiting);
    }

    /** What was due up to now is left out. */
    JobState skip(Instant upTo) {
        return new JobState(
                schedule,
                upTo,
                Outcome.SKIPPED,
                ended,
                Optional.empty(),
                0,
                attempt,
                0,
                begun,
                triggered,
                token,
                by,
                Optional.empty());
    }

    String text() {
        return "schedule=" + schedule
                + "\nlast=" + last
                + "\noutcome=" + outcome
                + "\nended=" + time(ended)
                + "\ndue=" + time(due)
                + "\nmanual=" + manual
                + "\nattempt=" + attempt
                + "\nfailures=" + failures
                + "\nbegun=" + time(begun)
                + "\ntriggered=" + triggered
                + "\ntoken=" + token
                + "\nby=" + by
                + "\nwaiting=" + waiting.map(Waiting::text).orElse("")
                + "\n";
    }

    private static String time(Optional<Instant> time) {
        return time.map(Instant::toString).orElse("");
    }

    /** Empty if it is no such text. */
    static Optional<JobState> read(String text) {
        Map<String, String> lines = new LinkedHashMap<>();
        for (String line : text.split("\n", -1)) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                lines.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        try {
            return Optional.of(new JobState(
                    line(lines, "schedule"),
                    Instant.parse(line(lines, "last")),
                    Outcome.valueOf(line(lines, "outcome")),
                    instant(line(lines, "ended")),
                    instant(line(lines, "due")),
                    Long.parseLong(line(lines, "manual")),
                    Integer.parseInt(line(lines, "attempt")),
                    Integer.parseInt(line(lines, "failures")),
                    instant(line(lines, "begun")),
                    Long.parseLong(line(lines, "triggered")),
                    Long.parseLong(line(lines, "token")),
                    line(lines, "by"),
                    Waiting.read(lines.getOrDefault("waiting", ""))));
        } catch (DateTimeException | IllegalArgumentException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private static String line(Map<String, String> lines, String name) {
        @Nullable String value = lines.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name);
        }
        return Objects.requireNonNull(value);
    }

    private static Optional<Instant> instant(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text));
    }
}
