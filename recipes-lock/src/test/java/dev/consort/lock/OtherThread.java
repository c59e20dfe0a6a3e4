/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A second thread, always the same one, for locks belong to threads. */
final class OtherThread implements AutoCloseable {
    private final ExecutorService executor = Executors.newSingleThreadExecutor(task -> {
        Thread daemon = new Thread(task, "other");
        daemon.setDaemon(true);
        return daemon;
    });
    private final Thread thread;
    private volatile boolean busy; // written by the thread

    OtherThread() {
        thread = call(Thread::currentThread);
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
        result(start(action));
    }

    /** What the task came to; its exception as a test failure's cause. */
    static <T> T result(Future<T> task) {
        try {
            return task.get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the other thread's task failed", e);
        }
    }

    /** Returns when the thread has begun its task and waits for something. */
    void awaitWaiting() {
        await().pollInterval(Duration.ofMillis(2))
                .until(() -> busy
                        && (thread.getState() == Thread.State.WAITING
                                || thread.getState() == Thread.State.TIMED_WAITING));
    }

    void interrupt() {
        thread.interrupt();
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
