/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.FifoQueueCall.Dequeued;
import dev.consort.testkit.history.FifoQueueCall.Enqueued;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A queue: the first in is the first out, and each is out once. Its state is the items in it. A check takes time with the
 * length of the queue and the number of unknown dequeues: record queues that are drained now and then. Immutable.
 */
public final class FifoQueueModel implements Model<List<String>, FifoQueueCall> {
    @Override
    public List<String> initial() {
        return List.of();
    }

    @Override
    public List<List<String>> after(List<String> state, FifoQueueCall call, Outcome outcome) {
        if (outcome == Outcome.FAILED) {
            return List.of(state);
        }
        if (call instanceof Enqueued enqueued) {
            return List.of(with(state, enqueued.item()));
        }
        if (call instanceof EnqueuedOnce enqueued) {
            return state.stream().anyMatch(enqueued::overtook) ? List.of() : List.of(with(state, enqueued.item()));
        }
        if (call instanceof Dequeued dequeued) {
            boolean any = outcome == Outcome.UNKNOWN && dequeued.item().isEmpty();
            return !state.isEmpty() && (any || state.get(0).equals(dequeued.item()))
                    ? List.of(List.copyOf(state.subList(1, state.size())))
                    : List.of();
        }
        if (call instanceof DequeuedOneOf dequeued) {
            return !state.isEmpty() && dequeued.items().contains(state.get(0))
                    ? List.of(List.copyOf(state.subList(1, state.size())))
                    : List.of();
        }
        return state.isEmpty() ? List.of(state) : List.of();
    }

    @Override
    public boolean changesNothingFrom(List<String> state, FifoQueueCall call, Outcome outcome) {
        return outcome == Outcome.FAILED || call instanceof FifoQueueCall.FoundEmpty;
    }

    /** What may have come in and was never seen to come out need not have come in; what came out had come in before. */
    @Override
    public List<Operation<FifoQueueCall>> simplified(List<Operation<FifoQueueCall>> history) {
        Map<String, Long> out = new HashMap<>();
        Map<String, Integer> outs = new HashMap<>();
        Map<String, Integer> in = new HashMap<>();
        for (Operation<FifoQueueCall> operation : history) {
            if (operation.what() instanceof Dequeued dequeued && operation.outcome() == Outcome.OK) {
                out.merge(dequeued.item(), operation.completed(), Math::min);
                outs.merge(dequeued.item(), 1, Integer::sum);
            } else if (operation.what() instanceof Enqueued enqueued && operation.outcome() != Outcome.FAILED) {
                in.merge(enqueued.item(), 1, Integer::sum);
            }
        }
        // What came out to somebody as often as it came in was taken by nobody else.
        Set<String> left = new HashSet<>();
        in.forEach((item, count) -> {
            if (count > outs.getOrDefault(item, 0)) {
                left.add(item);
            }
        });
        List<Operation<FifoQueueCall>> simplified = new ArrayList<>();
        for (Operation<FifoQueueCall> operation : history) {
            if (isOfUnknownItem(operation)) {
                simplified.add(new Operation<>(
                        operation.client(),
                        new DequeuedOneOf(left),
                        Outcome.UNKNOWN,
                        operation.invoked(),
                        operation.completed()));
            } else if (operation.outcome() != Outcome.UNKNOWN || !(operation.what() instanceof Enqueued enqueued)) {
                simplified.add(operation);
            } else if (out.containsKey(enqueued.item())) {
                // A completion before its invocation, if it came out too early, would be no operation at all.
                long end = Math.max(operation.invoked(), out.get(enqueued.item()));
                boolean certain = in.getOrDefault(enqueued.item(), 0) == 1;
                simplified.add(
                        certain
                                ? new Operation<>(operation.client(), enqueued, Outcome.OK, operation.invoked(), end)
                                : operation);
            }
        }
        return inOrder(simplified, in, outs);
    }

    /** What came out before another, and each once, came in before it: wrong orders are seen at once, not when they come out. */
    private static List<Operation<FifoQueueCall>> inOrder(
            List<Operation<FifoQueueCall>> history, Map<String, Integer> in, Map<String, Integer> outs) {
        Map<String, Operation<FifoQueueCall>> once = new HashMap<>();
        for (Operation<FifoQueueCall> operation : history) {
            if (operation.outcome() == Outcome.OK
                    && operation.what() instanceof Dequeued dequeued
                    && outs.getOrDefault(dequeued.item(), 0) == 1
                    && in.getOrDefault(dequeued.item(), 0) == 1) {
                once.put(dequeued.item(), operation);
            }
        }
        return history.stream()
                .map(operation -> operation.outcome() == Outcome.OK
                                && operation.what() instanceof Enqueued enqueued
                                && once.containsKey(enqueued.item())
                        ? new Operation<FifoQueueCall>(
                                operation.client(),
                                new EnqueuedOnce(enqueued.item(), once),
                                Outcome.OK,
                                operation.invoked(),
                                operation.completed())
                        : operation)
                .toList();
    }

    private static List<String> with(List<String> state, String item) {
        return Stream.concat(state.stream(), Stream.of(item)).toList();
    }

    private static boolean isOfUnknownItem(Operation<FifoQueueCall> operation) {
        return operation.outcome() == Outcome.UNKNOWN
                && operation.what() instanceof Dequeued dequeued
                && dequeued.item().isEmpty();
    }
}
