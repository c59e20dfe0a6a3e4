/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of the test kit: one timer and a pool that runs what tests and clients hang on to our futures, all
 * daemons that end when idle. The common pool is left alone, since tests fill it with blocking calls.
 */
final class Daemons {
    private static final long IDLE_SECONDS = 5;
    private static final ThreadPoolExecutor CALLBACKS = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), named("consort-testkit-"));
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private Daemons() {}

    /** Runs callbacks, which may block. */
    static ExecutorService callbacks() {
        return CALLBACKS;
    }

    /** Runs the task on the callback pool after the delay; the timer thread itself runs nothing of anybody. */
    static void after(Duration delay, Runnable task) {
        var unused = TIMER.schedule(() -> CALLBACKS.execute(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    static ThreadFactory named(String prefix) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, named("consort-testkit-timer-"));
        timer.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }
}
