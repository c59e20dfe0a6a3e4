/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.LoggerFactory;

/** The one seam for time. Deadlines and timeouts use the monotonic clock; what people read uses {@link #instants()}. */
public interface Timing extends AutoCloseable {
    /** The monotonic clock in nanoseconds, as {@link System#nanoTime()}. */
    long nanoTime();

    /** Runs a short task later on the timer thread; never after {@link #close()}. */
    Timer schedule(Duration delay, Runnable task);

    /** Waits for a future, up to a timeout. */
    default <T> T await(CompletableFuture<T> future, Duration timeout)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** For how long one whose time to wait is over waits for etcd's word on whether it passed. */
    default Duration verdict() {
        return Waiting.VERDICT;
    }

    /** Jitter: any number from 0 to below the bound. */
    default long random(long bound) {
        return ThreadLocalRandom.current().nextLong(bound);
    }

    /** The wall clock, for people only. */
    InstantSource instants();

    @Override
    void close();

    /** A task that was scheduled. */
    interface Timer {
        Timer NONE = () -> {};

        void cancel();
    }

    /** The system's clocks, with one daemon thread. */
    static Timing system() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, DaemonThreads.named("consort-timer"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return new Timing() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public Timer schedule(Duration delay, Runnable task) {
                try {
                    Future<?> scheduled =
                            timer.schedule(() -> logged(task), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
                    return () -> scheduled.cancel(false);
                } catch (RejectedExecutionException closed) {
                    return Timer.NONE;
                }
            }

            /** The executor would keep it to itself. */
            private void logged(Runnable task) {
                try {
                    task.run();
                } catch (RuntimeException | Error e) {
                    LoggerFactory.getLogger(Timing.class).error("A timer's task failed; please report this", e);
                }
            }

            @Override
            public InstantSource instants() {
                return InstantSource.system();
            }

            @Override
            public void close() {
                timer.shutdownNow();
            }
        };
    }
}
