/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.Map;

/**
 * What an {@link FifoQueueCall.Enqueued} of an item is that came in once and came out once.
 *
 * @param out how such items came out
 */
record EnqueuedOnce(String item, Map<String, Operation<FifoQueueCall>> out) implements FifoQueueCall {
    /** Whether it came out before this other item did, though that was in the queue before it. */
    boolean overtook(String other) {
        Operation<FifoQueueCall> mine = out.get(item);
        Operation<FifoQueueCall> others = out.get(other);
        return mine != null && others != null && mine.completed() < others.invoked();
    }
}
