/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/** What is done to a queue. Items are not empty; equal ones cannot be told apart. */
public sealed interface FifoQueueCall
        permits FifoQueueCall.Enqueued, FifoQueueCall.Dequeued, FifoQueueCall.FoundEmpty, EnqueuedOnce, DequeuedOneOf {
    /** OK: it is the last now. FAILED: it was not, for any reason. */
    record Enqueued(String item) implements FifoQueueCall {}

    /** OK: it was the first, and is out. UNKNOWN: so was whatever was the first, if the item is empty. FAILED: none was
     * taken out, for any reason. */
    record Dequeued(String item) implements FifoQueueCall {}

    /** OK: there was none. */
    record FoundEmpty() implements FifoQueueCall {}
}
