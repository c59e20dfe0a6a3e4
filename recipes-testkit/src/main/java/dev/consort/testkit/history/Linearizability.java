/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a history has an order of its operations that the model allows and that keeps to real time: what
 * completed before another began comes before it. After Wing and Gong, "Testing and verifying concurrent objects" (1993), with Lowe's
 * refinement, "Testing for linearizability" (2017): what was tried from a set of operations done and a state is not tried again.
 *
 * <p>Histories of one object: partition those of several names first. Not threadsafe; for a single check.
 */
public final class Linearizability<S, O> {
    /** The problem is NP-complete: a search that has come so far would not end. */
    private static final int MOST_TRIED = 2_000_000;

    private final Model<S, O> model;
    private final List<Operation<O>> operations;
    private final Event head = new Event(-1, 0, false);
    private final Set<Tried<S>> tried = new HashSet<>();
    private final Deque<Choice<S>> chosen = new ArrayDeque<>();
    private final BitSet done = new BitSet();
    private int toBeDone;
    private int mostDone;
    private BitSet bestDone = new BitSet();

    private Linearizability(Model<S, O> model, List<Operation<O>> operations) {
        this.model = model;
        this.operations = operations;
    }

    /**
     * Checks a history.
     *
     * @return empty if it is linearizable, else a text that says which operations could not be placed
     * @throws IllegalStateException if that is not decided after two million states
     */
    public static <S, O> Optional<String> violation(Model<S, O> model, List<Operation<O>> history) {
        return new Linearizability<>(model, List.copyOf(history)).check();
    }

    /** The beginning or the end of an operation, in the list of those that are not done yet. */
    private static final class Event {
        final int operation;
        final long at;
        final boolean isEnd;

        @Nullable
        Event previous;

        @Nullable
        Event next;

        @Nullable
        Event end; // of a beginning; null if there is none, or if it is unknown

        Event(int operation, long at, boolean isEnd) {
            this.operation = operation;
            this.at = at;
            this.isEnd = isEnd;
        }

        void unlink() {
            if (previous != null) {
                previous.next = next;
            }
            if (next != null) {
                next.previous = previous;
            }
        }

        /** Undoes {@link #unlink}, in the reverse order of several. */
        void link() {
            if (previous != null) {
                previous.next = this;
            }
            if (next != null) {
                next.previous = this;
            }
        }
    }

    private record Tried<S>(BitSet done, S state) {}

    /** An operation that was placed, from a state, by one of the ways that the model allows. */
    private record Choice<S>(Event event, S from, List<S> ways, int way, boolean only) {}

    private void list() {
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < operations.size(); i++) {
            Operation<O> operation = operations.get(i);
            Event begin = new Event(i, operation.invoked(), false);
            events.add(begin);
            if (operation.outcome() != Outcome.UNKNOWN) {
                begin.end = new Event(i, operation.completed(), true);
                events.add(begin.end);
                toBeDone++;
            }
        }
        // At the same moment beginnings come first: such operations overlap.
        events.sort(Comparator.<Event>comparingLong(event -> event.at).thenComparing(event -> event.isEnd));
        Event last = head;
        for (Event event : events) {
            last.next = event;
            event.previous = last;
            last = event;
        }
    }

    private Optional<String> check() {
        list();
        S state = model.initial();
        Event event = head.next;
        int left = toBeDone;
        while (left > 0) {
            Choice<S> next = event == null || event.isEnd ? null : nextChoice(event, state);
            if (next != null) {
                state = place(next);
                left -= next.event.end == null ? 0 : 1;
                event = head.next;
            } else if (event != null && !event.isEnd) {
                event = event.next;
            } else {
                // All that could come next was tried: take the last one back.
                Choice<S> last = chosen.poll();
                if (last == null) {
                    return Optional.of(explanation());
                }
                takeBack(last);
                left += last.event.end == null ? 0 : 1;
                state = last.from;
                if (last.only) {
                    event = null;
                    continue;
                }
                Choice<S> other = firstWay(last.event, state, last.way + 1);
                if (other != null) {
                    state = place(other);
                    left -= other.event.end == null ? 0 : 1;
                    event = head.next;
                } else {
                    event = last.event.next;
                }
            }
        }
        return Optional.empty();
    }

    /** What can be placed at once and nowhere else goes first; it leaves no other choice to come back to. */
    private @Nullable Choice<S> nextChoice(Event event, S state) {
        if (event == head.next) {
            for (Event at = event; at != null && !at.isEnd; at = at.next) {
                Operation<O> operation = operations.get(at.operation);
                if (operation.outcome() != Outcome.UNKNOWN
                        && !model.after(state, operation.what(), operation.outcome())
                                .isEmpty()
                        && model.changesNothingFrom(state, operation.what(), operation.outcome())) {
                    Choice<S> found = firstWay(at, state, 0);
                    if (found != null) {
                        return new Choice<>(at, state, found.ways, found.way, true);
                    }
                }
            }
        }
        return firstWay(event, state, 0);
    }

    /** The first way, from the given one on, to a state that was not tried after the same operations. */
    private @Nullable Choice<S> firstWay(Event event, S state, int from) {
        Operation<O> operation = operations.get(event.operation);
        List<S> ways = model.after(state, operation.what(), operation.outcome());
        for (int way = from; way < ways.size(); way++) {
            if (operation.outcome() == Outcome.UNKNOWN && ways.get(way).equals(state)) {
                continue; // it need not have happened, and would change nothing: placing it only doubles the search
            }
            BitSet then = (BitSet) done.clone();
            then.set(event.operation);
            if (tried.size() >= MOST_TRIED) {
                throw new IllegalStateException("undecided after " + MOST_TRIED + " states of a history of "
                        + operations.size() + " operations: record shorter ones, or fewer of unknown outcome");
            }
            if (tried.add(new Tried<>(then, ways.get(way)))) {
                return new Choice<>(event, state, ways, way, false);
            }
        }
        return null;
    }

    private S place(Choice<S> choice) {
        chosen.push(choice);
        done.set(choice.event.operation);
        choice.event.unlink();
        if (choice.event.end != null) {
            choice.event.end.unlink();
        }
        if (done.cardinality() > mostDone) {
            mostDone = done.cardinality();
            bestDone = (BitSet) done.clone();
        }
        return choice.ways.get(choice.way);
    }

    private void takeBack(Choice<S> choice) {
        if (choice.event.end != null) {
            choice.event.end.link();
        }
        choice.event.link();
        done.clear(choice.event.operation);
    }

    private String explanation() {
        StringBuilder text = new StringBuilder("no order of the operations explains their outcomes; at best ")
                .append(mostDone)
                .append(" of ")
                .append(operations.size())
                .append(" can be placed, and then none of these comes next:");
        List<Operation<O>> rest = new ArrayList<>();
        for (int i = 0; i < operations.size(); i++) {
            if (!bestDone.get(i)) {
                rest.add(operations.get(i));
            }
        }
        rest.stream().limit(12).forEach(operation -> text.append("\n  ").append(operation));
        return text.toString();
    }
}
