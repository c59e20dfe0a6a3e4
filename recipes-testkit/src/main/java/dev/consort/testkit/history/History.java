/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * Records what clients do:
 *
 * <pre>{@code
 * long invoked = history.moment();
 * ... // the operation
 * history.ended(client, invoked, new Released(token), Outcome.OK);
 * }</pre>
 *
 * <p>An operation that is never recorded, since its client died or waits still, counts as one that was not begun: record
 * as UNKNOWN what may have had an effect. This class is threadsafe.
 *
 * @param <O> the operations of the model
 */
public final class History<O> {
    private final AtomicLong clock = new AtomicLong();
    private final Queue<Operation<O>> operations = new ConcurrentLinkedQueue<>();

    /** A moment after all moments before: take one just before an operation is begun. */
    public long moment() {
        return clock.incrementAndGet();
    }

    /** Records an operation that has ended just now. */
    public void ended(int client, long invoked, O what, Outcome outcome) {
        long completed = outcome == Outcome.UNKNOWN ? Operation.NEVER : moment();
        operations.add(new Operation<>(client, what, outcome, invoked, completed));
    }

    /** What was recorded, in the order of the invocations. */
    public List<Operation<O>> operations() {
        return operations.stream()
                .sorted(Comparator.comparingLong(Operation::invoked))
                .toList();
    }

    /** One line an operation. */
    @Override
    public String toString() {
        return operations().stream().map(Operation::toString).collect(Collectors.joining("\n"));
    }
}
