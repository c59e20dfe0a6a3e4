/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads that wait. */
final class Threads implements AutoCloseable {
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final ExecutorService executor = Executors.newCachedThreadPool(task -> {
        Thread daemon = new Thread(task, "waiter");
        daemon.setDaemon(true);
        threads.add(daemon);
        return daemon;
    });

    <T> Future<T> start(Callable<T> task) {
        return executor.submit(task);
    }

    /** Interrupts them all. */
    void interrupt() {
        threads.forEach(Thread::interrupt);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
