/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets one work at a time, in the order in which they came; nobody blocks. Thread-safe.
 *
 * <p>Concurrency: fields are guarded by {@link #lock}, which is not held while anybody works. One thread at a time begins works,
 * one after the other: so those that end as they begin do not pile up on its stack.
 */
final class Turns {
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean taken;
    private boolean beginning; // whether a thread is in begin()

    /** Begins it when it is its turn, on the thread of whoever worked before; it must give its turn back, once. */
    void take(Runnable work) {
        lock.lock();
        try {
            waiting.add(work);
            if (beginning) {
                return;
            }
            beginning = true;
        } finally {
            lock.unlock();
        }
        begin();
    }

    void giveBack() {
        lock.lock();
        try {
            taken = false;
            if (beginning) {
                return;
            }
            beginning = true;
        } finally {
            lock.unlock();
        }
        begin();
    }

    private void begin() {
        for (Runnable next = next(); next != null; next = next()) {
            next.run();
        }
    }

    private @Nullable Runnable next() {
        lock.lock();
        try {
            Runnable next = taken ? null : waiting.poll();
            taken = taken || next != null;
            beginning = next != null;
            return next;
        } finally {
            lock.unlock();
        }
    }
}
