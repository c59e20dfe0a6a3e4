/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Runs a task whenever this process leads, for as long as the loop is open: it campaigns, runs the task, resigns when the
 * task ends, and campaigns again after a pause. Made by {@link LeaderElection#create(dev.consort.core.SessionFactory,
 * String)}. Thread-safe.
 *
 * <p>Each loop has a daemon thread of its own, on which the task runs. The task is interrupted when the leadership is lost
 * and when the loop is closed, once for each run, and not when it closes the loop itself. One that ignores its interrupt
 * goes on, with a warning in the log each TTL; until it ends this loop does not campaign, and where the leadership was
 * not lost it is kept, so that nobody else leads meanwhile unless the session ends.
 *
 * <p><b>Guarantees.</b> The task runs only after etcd has confirmed the leadership, and once at a time. Whatever the task
 * throws, an {@link Error} too, is logged and counted, and the loop goes on. While a session cannot be opened or a
 * campaign fails the loop tries again, after pauses of up to 2 s; {@link #lastFailure()} says why.
 *
 * <p><b>Not guaranteed.</b> That a task which was paused or ignores its interrupt writes nothing when it does not lead any
 * more: send the {@linkplain Leadership#token() term} with each write, or use the {@linkplain Leadership#guard() guard}.
 *
 * <p><b>When the session is lost</b> the leadership is lost and the task interrupted; the loop goes on with the next
 * session of its factory.
 */
public interface LeaderLoop extends AutoCloseable {
    /**
     * What the loop does now.
     *
     * @return the state
     */
    State state();

    /**
     * How many times the task was started.
     *
     * @return the number of leaderships that this loop has had
     */
    long terms();

    /**
     * How many times the task threw something, other than {@link InterruptedException} after it was interrupted.
     *
     * @return at most {@link #terms()}
     */
    long failures();

    /**
     * What the task, the opening of a session or a campaign threw last.
     *
     * @return empty if nothing was thrown yet
     */
    Optional<Throwable> lastFailure();

    /**
     * Completes when the loop has ended, on its thread: normally after {@link #close()}, exceptionally with an {@link
     * IllegalStateException} if it could not go on because the session factory or its connection is closed, or with an
     * {@link IllegalArgumentException} if the sessions refuse the election's name.
     *
     * @return a stage of its own for each call
     */
    CompletionStage<Void> ended();

    /**
     * Ends the loop: withdraws the candidacy, or interrupts the task and resigns when it has ended, so that the next
     * leader follows at once. Waits for that up to the {@linkplain Builder#closeTimeout(Duration) close timeout}; what
     * is not done by then goes on in the background. When the task itself calls it, it returns at once, and the loop ends
     * when the task does. Idempotent; keeps the interrupt flag. The session factory stays open.
     */
    @Override
    void close();

    /** The states of a loop. CLOSED can follow each. */
    enum State {
        /** It has no session, or could not campaign: it tries, or pauses before it tries again. To CAMPAIGNING. */
        CONNECTING,
        /** It waits to be elected. To LEADING, CONNECTING. */
        CAMPAIGNING,
        /** It leads, and the task runs. To STOPPING, PAUSING. */
        LEADING,
        /** The leadership is lost or the loop closed; the task was interrupted and has not ended yet. To PAUSING. */
        STOPPING,
        /** The task has ended: it resigns, and pauses before it campaigns again. To CONNECTING. */
        PAUSING,
        /** The loop has ended. Final. */
        CLOSED
    }

    /** What to do while leading. */
    @FunctionalInterface
    interface Task {
        /**
         * Does it; ends the leadership by returning.
         *
         * @param leadership held when called; resigned by the loop when this returns, if not before
         * @throws Exception if it fails, which is logged and counted
         */
        void lead(Leadership leadership) throws Exception;
    }

    /** Describes a loop. Not thread-safe. */
    interface Builder {
        /**
         * What others are to read of this candidate when it leads.
         *
         * @param value not empty; by default the host's name and the process id, as {@code host=web-1 pid=4711}
         * @return this
         * @throws IllegalArgumentException if empty
         */
        Builder value(String value);

        /**
         * The candidate's priority among those who wait, as {@link LeaderElection#withPriority(int)} has it.
         *
         * @param priority 0 or more, higher first; 0 by default
         * @return this
         * @throws IllegalArgumentException if negative
         */
        Builder priority(int priority);

        /**
         * How long to leave leading to others after the task has ended.
         *
         * @param pause zero or more; 1 s by default
         * @return this
         * @throws IllegalArgumentException if negative
         */
        Builder pause(Duration pause);

        /**
         * How long {@link LeaderLoop#close()} waits for the task and the resignation.
         *
         * @param timeout zero or more; 5 s by default
         * @return this
         * @throws IllegalArgumentException if negative
         */
        Builder closeTimeout(Duration timeout);

        /**
         * Starts a loop, and returns at once, also when etcd is out of reach.
         *
         * @param task what to run when leading
         * @return the loop, to be closed before its session factory
         */
        LeaderLoop run(Task task);

        /**
         * Stands as a candidate from now on, whenever it does not lead, and leads until it is lost or closed: for code that
         * asks whether it leads, rather than being run while it does.
         *
         * @param listener told when it is elected, and when that is over
         * @return the candidacy, to be closed before its session factory
         */
        Candidacy stand(Candidacy.Listener listener);
    }
}
