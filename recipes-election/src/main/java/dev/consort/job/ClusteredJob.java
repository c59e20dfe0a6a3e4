/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.SessionFactory;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A job that runs in one of the processes of a cluster, at due times that all of them know: each process starts it, one of
 * them leads and runs it, and when that one dies another goes on where it was. This is the place of one process.
 * Thread-safe.
 *
 * <p><b>Guarantees.</b> A due time is completed at most once: that it is, is put in etcd in one transaction with the proof
 * that the leadership is held. It runs in one process at a time, and never overlaps itself. Under {@link CatchUp#ALL}
 * none is lost. When the leader dies, another one begins within the session's TTL and a second, and what the dead one had
 * begun is begun again, with the next {@linkplain Run#attempt() attempt}. A task that throws is logged, counted, and tried
 * again as the builder says.
 *
 * <p><b>Not guaranteed.</b> That a due time is begun once only: a process may die, or lose its session, between the end of
 * the task and the transaction that says so. And that a process that was paused stops by itself: a task fences what it writes,
 * by {@link Run#guard()} or {@link Run#token()}.
 *
 * <p><b>When the session is lost</b> the run is cancelled and its task interrupted; the process stands by with the next
 * session.
 *
 * <p>What is due is decided by the clock of the leader, and a due time that was completed is not due again by any clock.
 */
public interface ClusteredJob extends AutoCloseable {
    /**
     * Describes the place of this process in a job.
     *
     * @param sessions where it gets its sessions; stays the caller's to close, after the job
     * @param name segments with single slashes between them, such as {@code jobs/reports}; equal names are one job
     * @return a builder with the defaults
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more than
     *     4,080 bytes
     */
    static Builder builder(SessionFactory sessions, String name) {
        return new ClusteredJobBuilder(sessions, name);
    }

    /**
     * The name of this job.
     *
     * @return as it was given
     */
    String name();

    /**
     * What this process does for the job now.
     *
     * @return the state
     */
    State state();

    /**
     * How many runs this process has begun.
     *
     * @return each attempt counts
     */
    long runs();

    /**
     * How many runs of this process have thrown, or took longer than they may.
     *
     * @return at most {@link #runs()}
     */
    long failures();

    /**
     * What a run of this process threw last; or what kept it from leading, if that was later.
     *
     * @return empty if nothing was thrown yet
     */
    Optional<Throwable> lastFailure();

    /**
     * Completes when this process takes part no more: normally after {@link #close()}, exceptionally if the session factory
     * was closed before.
     *
     * @return a stage of its own for each call
     */
    CompletionStage<Void> ended();

    /**
     * Takes part no more: interrupts the task, and lets the next process lead as soon as the task has ended. Waits for that
     * up to the close timeout; what is not done by then goes on in the background. A task that returns normally all the same
     * has completed its due time; of one that throws now it will be run again. When the task itself calls it, it returns at
     * once. Idempotent; keeps the interrupt flag.
     */
    @Override
    void close();

    /** What a process does. CLOSED can follow each. */
    enum State {
        /** It has no session, and tries to get one. To STANDBY. */
        CONNECTING,
        /** Another process leads. To WAITING. */
        STANDBY,
        /** It leads, and waits for the next due time, or pauses before it tries again. To RUNNING, CONNECTING. */
        WAITING,
        /** It leads, and the task runs. To WAITING, CONNECTING. */
        RUNNING,
        /** It takes part no more. Final. */
        CLOSED
    }

    /** What is to be done. */
    @FunctionalInterface
    interface Task {
        /**
         * Does it; called on a thread of the job's own, one run at a time. The due time is completed by returning.
         *
         * @param run what it is about
         * @throws Exception if it failed
         */
        void run(Run run) throws Exception;
    }

    /** Describes a job. One of {@code every} and {@code cron} is needed. Not thread-safe. */
    interface Builder {
        /**
         * Due at every multiple of a period since 1970-01-01T00:00Z: each 6 hours is at 0, 6, 12 and 18 o'clock UTC,
         * whenever which process was started.
         *
         * @param period 1 ms to 3,650 days
         * @return this
         * @throws IllegalArgumentException if it is not within that range
         * @throws IllegalStateException if when it is due has been said
         */
        Builder every(Duration period);

        /**
         * Due when a cron expression says so: minute, hour, day of month, month and day of week, as in {@code 0 2 * * 1-5}.
         *
         * <p>A time that is left out where clocks are put forward is not due that day. One that comes twice where they are put
         * back is due the first time only, if the expression names the hour. A job that must run each day is better off in UTC.
         *
         * @param expression of five fields
         * @param zone in which it is meant
         * @return this
         * @throws IllegalArgumentException if it cannot be read, or never comes due
         * @throws IllegalStateException if when it is due has been said
         */
        Builder cron(String expression, ZoneId zone);

        /**
         * The same, with the zone by its name.
         *
         * @param expression as in {@link #cron(String, ZoneId)}
         * @param zone such as {@code Europe/Berlin} or {@code UTC}
         * @return this
         * @throws IllegalArgumentException if there is no such zone, or as {@link #cron(String, ZoneId)}
         * @throws IllegalStateException if when it is due has been said
         */
        Builder cron(String expression, String zone);

        /**
         * What becomes of due times that nobody ran in time.
         *
         * @param catchUp {@link CatchUp#ONCE} by default
         * @return this
         */
        Builder catchUp(CatchUp catchUp);

        /**
         * How often a due time is tried again after the task has failed, whichever processes tried it.
         *
         * @param times 0 to 1,000; 0 by default
         * @param pause before each; zero or more
         * @return this
         * @throws IllegalArgumentException if one of them is not within its range
         */
        Builder retries(int times, Duration pause);

        /**
         * How long it is at least from the beginning of a run to that of the next one, in all processes, by their clocks.
         *
         * @param duration zero or more; zero by default
         * @return this
         * @throws IllegalArgumentException if negative
         */
        Builder atLeastFor(Duration duration);

        /**
         * How long a run may take. Then it is cancelled, and has failed unless the task returns normally all the same. A
         * task that ignores that is waited for.
         *
         * @param duration more than zero; without bound by default
         * @return this
         * @throws IllegalArgumentException if zero or negative
         */
        Builder atMostFor(Duration duration);

        /**
         * What operators are to read of this process.
         *
         * @param text one line, not empty; by default the host's name and the process id, as {@code host=web-1 pid=4711}
         * @return this
         * @throws IllegalArgumentException if it is empty or has several lines
         */
        Builder owner(String text);

        /**
         * How long {@link ClusteredJob#close()} waits for the task.
         *
         * @param timeout zero or more; 5 s by default
         * @return this
         * @throws IllegalArgumentException if negative
         */
        Builder closeTimeout(Duration timeout);

        /**
         * Takes part from now on, and returns at once, also when etcd is out of reach.
         *
         * @param task what to do when it is due and this process leads
         * @return the place of this process, to be closed before its session factory
         * @throws IllegalStateException if when it is due has not been said
         * @throws IllegalArgumentException if a run must take longer than it may, or the name equals or nests with one that
         *     another recipe of this process uses at the same time
         */
        ClusteredJob run(Task task);
    }
}
