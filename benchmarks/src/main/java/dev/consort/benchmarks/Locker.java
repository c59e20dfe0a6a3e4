/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

/** A participant's lock. Several participants may share one, where that is what the work is about. */
public interface Locker extends AutoCloseable {
    /**
     * Locks, runs, and unlocks; fails if the unlocking finds that the lock had been lost.
     *
     * @throws InterruptedException if interrupted while waiting
     */
    void locked(Runnable critical) throws InterruptedException;

    @Override
    void close();
}
