/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An executor that runs its tasks one after the other on another one, or on the common pool if that one takes none: what was
 * to be told at the end of a connection, or beyond the queue of a user's executor, is told all the same. Thread-safe.
 */
public final class InOrder implements Executor {
    private final Executor executor;
    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<Runnable> tasks = new ArrayDeque<>(); // guarded by lock, like running
    private boolean running;

    /** On which the tasks run. */
    public InOrder(Executor executor) {
        this.executor = executor;
    }

    @Override
    public void execute(Runnable task) {
        lock.lock();
        try {
            tasks.add(task);
            if (running) {
                return;
            }
            running = true;
        } finally {
            lock.unlock();
        }
        CallbackOrder.submit(executor, this::runNext);
    }

    private void runNext() {
        Runnable next = poll();
        if (next != null) {
            try {
                next.run();
            } finally {
                CallbackOrder.submit(executor, this::runNext);
            }
        }
    }

    private @Nullable Runnable poll() {
        lock.lock();
        try {
            Runnable next = tasks.poll();
            running = next != null;
            return next;
        } finally {
            lock.unlock();
        }
    }
}
