/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads that offer. */
final class Threads implements AutoCloseable {
    private final ExecutorService executor = Executors.newCachedThreadPool(task -> {
        Thread daemon = new Thread(task, "offerer");
        daemon.setDaemon(true);
        return daemon;
    });

    <T> Future<T> start(Callable<T> task) {
        return executor.submit(task);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
