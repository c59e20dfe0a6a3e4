/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.FencingToken;
import dev.consort.core.Guard;
import java.time.Instant;
import java.util.concurrent.CompletionStage;

/**
 * One run of a {@link ClusteredJob}, as its task sees it. Thread-safe.
 *
 * <p><b>When the session is lost</b> the run is cancelled, and its due time will be run again, by whichever process leads
 * next: write by the {@linkplain #guard() guard}, or with the {@linkplain #token() token}, and this run changes nothing
 * from then on.
 */
public interface Run {
    /**
     * The number to send with each write outside of etcd. The same for all runs of one leadership; larger for each later one.
     *
     * @return the token
     */
    FencingToken token();

    /**
     * Writes to etcd that are applied only while this process leads the job.
     *
     * @return the guard
     */
    Guard guard();

    /**
     * The time at which this run was due, of which it is: by this clock and not by the present one a task should decide what
     * to do, for it may run late, and again.
     *
     * @return the due time; of a run that was {@linkplain ClusteredJobs#trigger(String) triggered by hand} when it was begun
     *     first
     */
    Instant scheduledTime();

    /**
     * How many times this due time was begun, in all processes: more than 1 if an attempt failed and is made again, or if
     * the process of the one before has died.
     *
     * @return 1 or more
     */
    int attempt();

    /**
     * Whether it was triggered by hand.
     *
     * @return false if it was due
     */
    boolean isManual();

    /**
     * Whether what it does from now on is in vain: the leadership is lost, the job is being closed, or it took longer than it
     * may. The task was interrupted then.
     *
     * @return also true right after a pause of this process that was too long
     */
    boolean isCancelled();

    /**
     * Completes when the run {@linkplain #isCancelled() is cancelled}, for tasks whose work is done by others.
     *
     * @return a stage of its own for each call; completes on the session's executor
     */
    CompletionStage<Void> cancelled();
}
