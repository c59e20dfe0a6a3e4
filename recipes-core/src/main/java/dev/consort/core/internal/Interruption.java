/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An interrupt meant for one run of user code: it reaches that code while it runs, waits for it if it comes before, and
 * does nothing after. So it never hits what the same thread does next. For a single run; interrupts once.
 *
 * <p>Thread-safe: fields are guarded by {@link #lock}, which is held for a few instructions only, so that the engine's
 * threads may interrupt.
 */
public final class Interruption {
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Thread runner;
    private boolean requested;

    /**
     * What runs.
     *
     * @param <T> what it returns
     * @param <X> what it throws
     */
    @FunctionalInterface
    public interface Code<T, X extends Exception> {
        /** Runs. */
        T run() throws X;
    }

    /** Runs code on this thread, which has no interrupt flag set afterwards, whoever may have set it. */
    public <T, X extends Exception> T during(Code<T, X> code) throws X {
        lock.lock();
        try {
            runner = Thread.currentThread();
            if (requested) {
                runner.interrupt();
            }
        } finally {
            lock.unlock();
        }
        try {
            return code.run();
        } finally {
            end();
        }
    }

    private void end() {
        lock.lock();
        try {
            runner = null;
        } finally {
            lock.unlock();
        }
        var unused = Thread.interrupted();
    }

    /** Interrupts the code, now or as soon as it runs. */
    public void interrupt() {
        lock.lock();
        try {
            if (!requested) {
                requested = true;
                if (runner != null) {
                    runner.interrupt();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether {@link #interrupt()} was called. */
    public boolean requested() {
        lock.lock();
        try {
            return requested;
        } finally {
            lock.unlock();
        }
    }
}
