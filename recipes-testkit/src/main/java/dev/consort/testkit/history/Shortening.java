/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds the shortest part of a history that is not linearizable: its shortest prefix that is not, without what had ended
 * when nothing was under way for the last time. A prefix of a linearizable history is linearizable, so that halving finds
 * it.
 */
final class Shortening<S, O> {
    /** To say which states were possible is worth no more. */
    private static final int MOST_TRIED = 200_000;

    private static final int MOST_STATES = 8;

    private final String name;
    private final Model<S, O> model;
    private final List<Operation<O>> history;

    Shortening(String name, Model<S, O> model, List<Operation<O>> history) {
        this.name = name;
        this.model = model;
        this.history = history.stream()
                .sorted(Comparator.comparingLong(Operation::invoked))
                .toList();
    }

    /** The violation of a history that is not linearizable. */
    Violation<O> violation() {
        long until = shortest();
        long since = lastQuiet(until);
        List<Operation<O>> begun = history.stream()
                .filter(operation -> operation.invoked() <= until)
                .toList();
        List<Operation<O>> before = begun.stream()
                .filter(operation -> operation.completed() < since)
                .toList();
        List<Operation<O>> pending = begun.stream()
                .filter(operation -> operation.invoked() < since && endsAfter(operation, until))
                // One that fails later has no part in it.
                .filter(operation -> operation.outcome() != Outcome.FAILED)
                .toList();
        List<Operation<O>> part = begun.stream()
                .filter(operation -> operation.invoked() >= since)
                .filter(operation -> operation.outcome() != Outcome.FAILED || !endsAfter(operation, until))
                .toList();
        return new Violation<>(name, until, before.size(), states(since, until), pending, part);
    }

    /** The first end of an operation that no order explains. */
    private long shortest() {
        long[] ends = history.stream()
                .filter(operation -> operation.outcome() != Outcome.UNKNOWN)
                .mapToLong(Operation::completed)
                .sorted()
                .distinct()
                .toArray();
        int good = -1;
        int bad = ends.length - 1;
        while (bad - good > 1) {
            int middle = (good + bad) >>> 1;
            if (isGood(ends[middle])) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        return ends[bad];
    }

    private boolean isGood(long until) {
        try {
            return new Search<>(model, prefix(until), Linearizability.MOST_TRIED).succeeds();
        } catch (Search.Undecided e) {
            return true; // then the part is longer than need be
        }
    }

    private List<Operation<O>> prefix(long until) {
        return model.simplified(history.stream()
                .filter(operation -> operation.invoked() <= until)
                .filter(operation -> operation.outcome() != Outcome.FAILED || !endsAfter(operation, until))
                .map(operation -> endsAfter(operation, until) ? unknown(operation) : operation)
                .toList());
    }

    private static boolean endsAfter(Operation<?> operation, long moment) {
        return operation.outcome() == Outcome.UNKNOWN || operation.completed() > moment;
    }

    private static <O> Operation<O> unknown(Operation<O> operation) {
        return new Operation<>(
                operation.client(), operation.what(), Outcome.UNKNOWN, operation.invoked(), Operation.NEVER);
    }

    /** The last invocation before which all had ended that have ended in the prefix. */
    private long lastQuiet(long until) {
        List<Operation<O>> ended = history.stream()
                .filter(operation -> !endsAfter(operation, until))
                .toList();
        long quiet = Long.MIN_VALUE;
        long lastEnd = Long.MIN_VALUE;
        for (Operation<O> operation : ended) {
            if (operation.invoked() > lastEnd) {
                quiet = operation.invoked();
            }
            lastEnd = Math.max(lastEnd, operation.completed());
        }
        return quiet;
    }

    /** As many as are worth to be listed, the last one three dots if there are or may be more. */
    private List<String> states(long since, long until) {
        Set<S> states = new LinkedHashSet<>();
        boolean all = true;
        try {
            List<Operation<O>> before = prefix(until).stream()
                    .filter(operation -> operation.invoked() < since)
                    .toList();
            new Search<>(model, before, MOST_TRIED).collect(states);
        } catch (Search.Undecided e) {
            all = false;
        }
        List<String> listed =
                states.stream().limit(MOST_STATES).map(S::toString).toList();
        return all && states.size() <= MOST_STATES
                ? listed
                : Stream.concat(listed.stream(), Stream.of("...")).toList();
    }
}
