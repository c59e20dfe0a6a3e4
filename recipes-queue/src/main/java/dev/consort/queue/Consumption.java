/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.time.Duration;
import java.util.Optional;

/**
 * A loop that works on the items of a queue, until it is closed. It survives what its handler throws, and, if the queue was made with
 * a factory, the loss of its session.
 *
 * <p>This interface is not for users to implement. Thread-safe.
 */
public interface Consumption extends AutoCloseable {
    /**
     * What it has done so far.
     *
     * @param delivered items that were handed to the handler
     * @param redelivered those of them that had been delivered before, to whomever
     * @param acknowledged those that were acknowledged
     * @param failed those whose handler threw
     * @param running those whose handler runs now
     */
    record Counts(long delivered, long redelivered, long acknowledged, long failed, int running) {}

    /**
     * What it has done so far. Asks nobody.
     *
     * @return a copy
     */
    Counts counts();

    /**
     * What went wrong last: thrown by the handler, or by the queue.
     *
     * @return empty if nothing has
     */
    Optional<Throwable> lastFailure();

    /**
     * Takes no more items, and waits for the handlers that run.
     *
     * @param timeout zero or more; then the handlers are interrupted, and their items given back
     * @return whether all handlers have ended in time
     * @throws InterruptedException if interrupted while it waits; the handlers are interrupted then
     * @throws IllegalArgumentException if the timeout is negative
     */
    boolean drain(Duration timeout) throws InterruptedException;

    /**
     * The same with a timeout of 10 s, keeping the interrupt flag. Idempotent.
     */
    @Override
    void close();
}
