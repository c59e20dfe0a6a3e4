/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Tries every order. It knows nothing of what a model says of itself beyond its states. */
final class BruteForce {
    private BruteForce() {}

    static <S, O> boolean isLinearizable(Model<S, O> model, List<Operation<O>> history) {
        return !states(model, history).isEmpty();
    }

    /** All states that orders lead to. */
    static <S, O> Set<S> states(Model<S, O> model, List<Operation<O>> history) {
        Set<S> ends = new HashSet<>();
        addStates(ends, model, model.initial(), history);
        return ends;
    }

    private static <S, O> void addStates(Set<S> ends, Model<S, O> model, S state, List<Operation<O>> left) {
        if (left.stream().allMatch(operation -> operation.outcome() == Outcome.UNKNOWN)) {
            ends.add(state);
        }
        long firstEnd = left.stream().mapToLong(Operation::completed).min().orElse(Operation.NEVER);
        for (Operation<O> next : left) {
            if (next.invoked() <= firstEnd) {
                List<Operation<O>> rest = new ArrayList<>(left);
                rest.remove(next);
                for (S then : model.after(state, next.what(), next.outcome())) {
                    addStates(ends, model, then, rest);
                }
            }
        }
    }
}
