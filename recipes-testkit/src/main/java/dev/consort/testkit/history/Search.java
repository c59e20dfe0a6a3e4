/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One search for an order of a history's operations. What must be placed is tried first, and what may have happened or not
 * only where that does not do; what was tried from the same operations done and the same state, with no more of the unknown
 * ones used up, is not tried again. For a single use by one thread.
 */
final class Search<S, O> {
    /** Says that the history is too hard: the problem is NP-complete. */
    static final class Undecided extends IllegalStateException {
        private static final long serialVersionUID = 1;

        Undecided(int tried, int operations) {
            super("undecided after " + tried + " states of a history of " + operations
                    + " operations: record shorter ones, or fewer of unknown outcome");
        }
    }

    /**
     * Which operations of known outcome are done, and the state after them.
     *
     * @param first the first one that is not done, by invocation
     * @param beyond those that are done, counted from there
     */
    private record Point<S>(int first, BitSet beyond, S state) {}

    /** A state on the way, and what was tried from it: candidates are known ones, then unknown ones counted on from these. */
    private static final class Stop<S> {
        final S state;
        final int[] candidates;
        int next; // of the candidates
        int current = -1; // the candidate that was placed last
        final Deque<Move<S>> moves = new ArrayDeque<>(); // that are left

        Stop(S state, int[] candidates) {
            this.state = state;
            this.candidates = candidates;
        }
    }

    /** An operation in its place, and the state after it, which is new. */
    private record Move<S>(int candidate, S state) {}

    private final Model<S, O> model;
    private final List<Operation<O>> known = new ArrayList<>();
    private final List<Operation<O>> unknown = new ArrayList<>();
    private final int[] twins; // for each unknown one, an equal one before it: these are used in their order
    private final BitSet done = new BitSet();
    private final BitSet used = new BitSet();
    private final Map<Point<S>, List<BitSet>> tried = new HashMap<>();
    private final Deque<Stop<S>> path = new ArrayDeque<>();
    private final int mostTried;
    private int triedSoFar;

    Search(Model<S, O> model, List<Operation<O>> history, int mostTried) {
        this.model = model;
        this.mostTried = mostTried;
        history.stream()
                .sorted(Comparator.comparingLong(Operation::invoked))
                .forEach(operation -> (operation.outcome() == Outcome.UNKNOWN ? unknown : known).add(operation));
        Map<O, Integer> latest = new HashMap<>();
        twins = new int[unknown.size()];
        for (int i = 0; i < twins.length; i++) {
            Integer before = latest.put(unknown.get(i).what(), i);
            twins[i] = before == null ? -1 : before;
        }
    }

    /** Whether there is an order. */
    boolean succeeds() {
        return run(null);
    }

    /** Adds the states that all orders lead to, also with unknown operations after all others. */
    void collect(Set<S> ends) {
        run(ends);
    }

    private boolean run(@Nullable Set<S> ends) {
        arrive(model.initial());
        while (!path.isEmpty()) {
            Stop<S> stop = path.element();
            if (done.cardinality() == known.size()) {
                if (ends == null) {
                    return true;
                }
                ends.add(stop.state);
            }
            if (!step(stop)) {
                path.remove();
                if (!path.isEmpty()) {
                    mark(path.element().current, false);
                }
            }
        }
        return false;
    }

    /** Goes on to a state that is new; false if there is none from here. */
    private boolean step(Stop<S> stop) {
        while (stop.moves.isEmpty() && stop.next < stop.candidates.length) {
            boolean isUnknown = stop.candidates[stop.next] >= known.size();
            addMoves(stop, stop.candidates[stop.next++]);
            // Those that need only one unknown operation come before what needs more, and make it needless.
            while (isUnknown && stop.next < stop.candidates.length) {
                addMoves(stop, stop.candidates[stop.next++]);
            }
        }
        Move<S> move = stop.moves.poll();
        if (move == null) {
            return false;
        }
        stop.current = move.candidate;
        mark(move.candidate, true);
        arrive(move.state);
        return true;
    }

    private void addMoves(Stop<S> stop, int candidate) {
        Operation<O> operation = operation(candidate);
        mark(candidate, true);
        for (S way : model.after(stop.state, operation.what(), operation.outcome())) {
            // What need not have happened, and would change nothing, is not placed.
            if ((candidate < known.size() || !way.equals(stop.state)) && isNew(way)) {
                stop.moves.add(new Move<>(candidate, way));
            }
        }
        mark(candidate, false);
    }

    private Operation<O> operation(int candidate) {
        return candidate < known.size() ? known.get(candidate) : unknown.get(candidate - known.size());
    }

    private void mark(int candidate, boolean placed) {
        if (candidate < known.size()) {
            done.set(candidate, placed);
        } else {
            used.set(candidate - known.size(), placed);
        }
    }

    private boolean isNew(S state) {
        int first = done.nextClearBit(0);
        Point<S> point = new Point<>(first, done.get(first, known.size()), state);
        List<BitSet> before = tried.computeIfAbsent(point, unused -> new ArrayList<>(1));
        if (before.stream().anyMatch(this::usesNoMore)) {
            return false;
        }
        if (++triedSoFar > mostTried) {
            throw new Undecided(mostTried, known.size() + unknown.size());
        }
        before.add((BitSet) used.clone());
        return true;
    }

    private boolean usesNoMore(BitSet other) {
        for (int i = other.nextSetBit(0); i >= 0; i = other.nextSetBit(i + 1)) {
            if (!used.get(i)) {
                return false;
            }
        }
        return true;
    }

    private void arrive(S state) {
        IntStream.Builder candidates = IntStream.builder();
        // What began before all that are left have ended may come next; at the same moment, what begins is first.
        long end = Operation.NEVER;
        for (int i = done.nextClearBit(0); i < known.size(); i = done.nextClearBit(i + 1)) {
            Operation<O> operation = known.get(i);
            if (operation.invoked() > end) {
                break;
            }
            end = Math.min(end, operation.completed());
            if (changesNothing(state, operation)) {
                // Placed at once and nowhere else, it is in nobody's way.
                path.push(new Stop<>(state, new int[] {i}));
                return;
            }
            candidates.add(i);
        }
        for (int i = used.nextClearBit(0); i < twins.length; i = used.nextClearBit(i + 1)) {
            if (unknown.get(i).invoked() <= end && (twins[i] < 0 || used.get(twins[i]))) {
                candidates.add(known.size() + i);
            }
        }
        path.push(new Stop<>(state, candidates.build().toArray()));
    }

    private boolean changesNothing(S state, Operation<O> operation) {
        return model.changesNothingFrom(state, operation.what(), operation.outcome())
                && !model.after(state, operation.what(), operation.outcome()).isEmpty();
    }
}
