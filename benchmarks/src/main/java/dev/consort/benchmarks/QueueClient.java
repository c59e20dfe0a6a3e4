/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

/** A queue as one process has it, with a connection of its own. Thread-safe. */
public interface QueueClient extends AutoCloseable {
    void offer(String item);

    /**
     * Waits for an item.
     *
     * @throws InterruptedException if interrupted while waiting
     */
    String take() throws InterruptedException;

    @Override
    void close();
}
