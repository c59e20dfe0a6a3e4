/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where attempts run: (!) not on the caller's thread, which must go on at the deadline even if what it calls does not heed
 * interrupts. As many threads as calls go on at once; none is left ten seconds after the last one.
 */
final class RetryThreads {
    private static final AtomicInteger count = new AtomicInteger();

    static final Executor EXECUTOR = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), RetryThreads::daemon);

    private RetryThreads() {}

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "consort-retry-" + count.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }
}
