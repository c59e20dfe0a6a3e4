/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.LockContract;
import java.util.concurrent.locks.Lock;

/**
 * The views of a read-write lock as locks. Of two readers neither waits for the other, so the test's thread and the other
 * one take different sides of the same lock.
 */
abstract class ReadWriteViewContract extends LockContract {
    private final Thread first = Thread.currentThread();
    private final String name = Names.fresh();

    /** The process that all tests are in. */
    abstract Party party();

    /** Which side the test's thread takes. */
    abstract ReadOrWrite side();

    @Override
    protected Lock lock() {
        var views = ReadWriteLock.create(party().session, name).asReadWriteLock();
        boolean reads = (side() == ReadOrWrite.READ) == (Thread.currentThread() == first);
        return reads ? views.readLock() : views.writeLock();
    }

    @Override
    protected boolean hasConditions() {
        return false;
    }
}
