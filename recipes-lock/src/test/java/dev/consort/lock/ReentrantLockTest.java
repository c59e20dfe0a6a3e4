/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/** The JDK's own lock, which shows that the contract asks for nothing else than the JDK does. */
class ReentrantLockTest extends LockContract {
    private final ReentrantLock lock = new ReentrantLock();

    @Override
    Lock lock() {
        return lock;
    }
}
