/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.limit;

import dev.consort.benchmarks.Locker;
import java.util.concurrent.locks.ReentrantLock;

/** A lock of this JVM alone, first come first served: the least by which one thread can hand on to another. */
public final class FairLock implements Locker {
    private final ReentrantLock lock = new ReentrantLock(true);

    @Override
    public void locked(Runnable critical) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            critical.run();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {} // it holds nothing
}
