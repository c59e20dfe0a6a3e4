/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.Connection;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The jobs of a cluster, for those who operate them; needs no session and takes part in none. Each call asks etcd, bounded by the
 * request timeout, and keeps the interrupt flag. Thread-safe.
 */
public interface ClusteredJobs {
    /**
     * The jobs that a connection can see.
     *
     * @param connection stays the caller's to close
     * @return the jobs
     */
    static ClusteredJobs of(Connection connection) {
        return new EtcdClusteredJobs(connection);
    }

    /**
     * All jobs below a prefix of names.
     *
     * @param prefix such as {@code jobs} for {@code jobs/reports} and {@code jobs/night/invoices}
     * @return in the order of their names
     * @throws dev.consort.core.RecipeException if etcd cannot be read, or a key of a job cannot be understood
     * @throws IllegalArgumentException if it cannot be the beginning of a name
     */
    List<Job> list(String prefix);

    /**
     * One job.
     *
     * @param name of the job
     * @return empty if no process has ever led it
     * @throws dev.consort.core.RecipeException as {@link #list(String)}
     * @throws IllegalArgumentException if it cannot be a name
     */
    Optional<Job> find(String name);

    /**
     * Lets nothing more come due, in any process, until it is resumed; what runs goes on. Due times that pass meanwhile are
     * caught up as the job says.
     *
     * @param name of the job
     * @return false if it was paused already
     * @throws dev.consort.core.RecipeException if there is no such job, or etcd cannot be asked
     */
    boolean pause(String name);

    /**
     * Ends a pause.
     *
     * @param name of the job
     * @return false if it was not paused
     * @throws dev.consort.core.RecipeException as {@link #pause(String)}
     */
    boolean resume(String name);

    /**
     * Has it run once as soon as the leader is free, also while it is paused, and besides its due times. Asked twice before
     * that run begins, it runs once.
     *
     * @param name of the job
     * @throws dev.consort.core.RecipeException as {@link #pause(String)}
     */
    void trigger(String name);

    /**
     * A job as etcd tells of it.
     *
     * @param name its name
     * @param schedule when it is due, such as {@code every PT10M} or {@code cron 0 2 * * * Europe/Berlin}
     * @param paused whether it is paused
     * @param leader what the process that leads says of itself; empty if none does
     * @param running the scheduled time of the run that was begun and is not completed; its process may have died
     * @param attempt the number of the attempt that is running or was last; 0 if there was none
     * @param last up to which due time all is done or left out; the time of its making before the first one
     * @param outcome of the last run that ended
     * @param ended when that was, by the clock of its process; empty before the first one
     * @param by what the process says of itself that began the last run; empty text before the first one
     * @param next the due time after {@code last}; empty if there is none
     */
    record Job(
            String name,
            String schedule,
            boolean paused,
            Optional<String> leader,
            Optional<Instant> running,
            int attempt,
            Instant last,
            Outcome outcome,
            Optional<Instant> ended,
            String by,
            Optional<Instant> next) {}

    /** How a run ended. */
    enum Outcome {
        /** None has ended yet. */
        NONE,
        /** The task returned. */
        DONE,
        /** It threw at each attempt that it had. */
        FAILED,
        /** It was left out, under {@link CatchUp#SKIP}. */
        SKIPPED
    }
}
