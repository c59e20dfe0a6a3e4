/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

/**
 * What does a work's operation over and over, with all its participants opened. Each participant is called on a thread of its own,
 * one call at a time; all of them at once.
 */
public interface Contender extends AutoCloseable {
    /** How many threads call it, from 1. */
    int participants();

    /**
     * Does one operation. Whatever it throws makes the run fail: a result with failed operations in it is none.
     *
     * @param participant from 0
     * @return how many operations count: 1, or 0 for what only serves others, such as a producer where items taken count
     * @throws InterruptedException never in a run that succeeds
     */
    int operate(int participant) throws InterruptedException;

    /** The round is over: lets go whoever waits for what no other participant would do any more. */
    default void wake() {}

    /** All participants have ended: leaves everything as it was before the round, and checks what the round has left. */
    default void settle() {}

    /** Ends all connections and removes all keys. */
    @Override
    void close();
}
