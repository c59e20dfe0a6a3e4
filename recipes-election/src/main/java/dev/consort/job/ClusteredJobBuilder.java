/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.SessionFactory;
import dev.consort.core.internal.ThisProcess;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Checks what a job is described by, and takes part in it. */
final class ClusteredJobBuilder implements ClusteredJob.Builder {
    private static final int MOST_RETRIES = 1_000;
    private static final Duration LONGEST = Duration.ofDays(3_650);

    private final SessionFactory sessions;
    private final JobKeys keys;
    private @Nullable Schedule schedule;
    private CatchUp catchUp = CatchUp.ONCE;
    private int retries;
    private Duration pause = Duration.ZERO;
    private Duration atLeast = Duration.ZERO;
    private Optional<Duration> atMost = Optional.empty();
    private String owner = ThisProcess.text();
    private Duration closeTimeout = Duration.ofSeconds(5);

    ClusteredJobBuilder(SessionFactory sessions, String name) {
        this.sessions = Objects.requireNonNull(sessions, "sessions");
        this.keys = new JobKeys(JobKeys.checked(name));
    }

    @Override
    public ClusteredJob.Builder every(Duration period) {
        return due(new Schedule.Every(Objects.requireNonNull(period, "period")));
    }

    @Override
    public ClusteredJob.Builder cron(String expression, ZoneId zone) {
        return due(new Schedule.CronTimes(expression, zone));
    }

    @Override
    public ClusteredJob.Builder cron(String expression, String zone) {
        return cron(expression, Schedule.zone(zone));
    }

    private ClusteredJob.Builder due(Schedule when) {
        if (schedule != null) {
            throw new IllegalStateException(
                    "it was said before that the job is due " + schedule.text() + ": give one of every() and cron()");
        }
        schedule = when;
        return this;
    }

    @Override
    public ClusteredJob.Builder catchUp(CatchUp newCatchUp) {
        catchUp = Objects.requireNonNull(newCatchUp, "catchUp");
        return this;
    }

    @Override
    public ClusteredJob.Builder retries(int times, Duration newPause) {
        if (times < 0 || times > MOST_RETRIES) {
            throw new IllegalArgumentException("retries " + times + " is not within 0 to " + MOST_RETRIES);
        }
        retries = times;
        pause = notNegative("pause", newPause);
        return this;
    }

    @Override
    public ClusteredJob.Builder atLeastFor(Duration duration) {
        atLeast = notNegative("atLeastFor", duration);
        return this;
    }

    @Override
    public ClusteredJob.Builder atMostFor(Duration duration) {
        if (notNegative("atMostFor", duration).isZero()) {
            throw new IllegalArgumentException(
                    "atMostFor PT0S leaves no time to run: give more than zero, or leave it out for no bound");
        }
        atMost = Optional.of(duration);
        return this;
    }

    @Override
    public ClusteredJob.Builder owner(String text) {
        Objects.requireNonNull(text, "owner");
        if (text.isEmpty() || text.lines().count() > 1 || text.endsWith("\n")) {
            throw new IllegalArgumentException("owner '" + text + "' is not one line");
        }
        owner = text;
        return this;
    }

    @Override
    public ClusteredJob.Builder closeTimeout(Duration timeout) {
        closeTimeout = notNegative("closeTimeout", timeout);
        return this;
    }

    private static Duration notNegative(String what, Duration duration) {
        if (Objects.requireNonNull(duration, what).isNegative()) {
            throw new IllegalArgumentException(what + " " + duration + " is negative: give zero or more");
        }
        return duration.compareTo(LONGEST) < 0 ? duration : LONGEST;
    }

    @Override
    public ClusteredJob run(ClusteredJob.Task task) {
        Objects.requireNonNull(task, "task");
        if (schedule == null) {
            throw new IllegalStateException("it was not said when the job is due: call every() or cron()");
        }
        if (atMost.isPresent() && atMost.get().compareTo(atLeast) < 0) {
            throw new IllegalArgumentException("atMostFor " + atMost.get() + " is shorter than atLeastFor " + atLeast
                    + ": a run that has to last may not be cut short; give a longer atMostFor or a shorter atLeastFor");
        }
        return new EtcdClusteredJob(
                sessions,
                keys,
                new Plan.Policy(schedule, catchUp, retries, pause, atLeast),
                new EtcdClusteredJob.Settings(atMost, owner, closeTimeout),
                task);
    }
}
