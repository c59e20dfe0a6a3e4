/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.Set;

/** What a {@link FifoQueueCall.Dequeued} of unknown outcome and item can have taken, as the rest of the history tells. */
record DequeuedOneOf(Set<String> items) implements FifoQueueCall {}
