/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A second thread, always the same one, for locks belong to threads. Confined to the test's thread. */
final class OtherThread implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(2);
    /** After which a thread that is still at it counts as waiting, for some locks spin. */
    private static final Duration SPINNING = Duration.ofMillis(300);

    private final ExecutorService executor = Executors.newSingleThreadExecutor(Daemons.named("lock-contract-"));
    private final Duration patience;
    private final Thread thread;
    private volatile boolean busy; // written by the thread

    /**
     * A thread.
     *
     * @param patience how long a task may take
     */
    OtherThread(Duration patience) {
        this.patience = patience;
        this.thread = call(Thread::currentThread);
    }

    /** Something to be done that has no result. */
    @FunctionalInterface
    interface Action {
        void run() throws Exception;
    }

    <T> Future<T> start(Callable<T> task) {
        return executor.submit(() -> {
            busy = true;
            try {
                return task.call();
            } finally {
                busy = false;
            }
        });
    }

    Future<Boolean> start(Action action) {
        return start(() -> {
            action.run();
            return true;
        });
    }

    <T> T call(Callable<T> task) {
        return result(start(task));
    }

    void run(Action action) {
        var unused = call(() -> {
            action.run();
            return true;
        });
    }

    /** What the task came to; its exception as a test failure's cause. */
    <T> T result(Future<T> task) {
        try {
            return task.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof AssertionError failure
                    ? failure
                    : new AssertionError("the other thread failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("the other thread had not done its part after " + patience, e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while the other thread did its part", e);
        }
    }

    /** Returns when the thread has begun its task and waits for something, or has ended it. */
    void awaitWaiting(Future<?> task) {
        long begun = System.nanoTime();
        while (!task.isDone() && System.nanoTime() - begun < SPINNING.toNanos()) {
            Thread.State state = thread.getState();
            if (busy && (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)) {
                return;
            }
            Bounded.pause(PAUSE);
        }
    }

    void interrupt() {
        thread.interrupt();
    }

    @Override
    public void close() {
        executor.shutdownNow();
        boolean unused =
                Bounded.uninterrupted(patience, nanos -> executor.awaitTermination(nanos, TimeUnit.NANOSECONDS));
    }
}
