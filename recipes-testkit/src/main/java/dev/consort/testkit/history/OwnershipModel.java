/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.Ownership.Acquired;
import dev.consort.testkit.history.Ownership.Lost;
import dev.consort.testkit.history.Ownership.Proclaimed;
import dev.consort.testkit.history.Ownership.Released;
import dev.consort.testkit.history.Ownership.Seen;
import dev.consort.testkit.history.Ownership.Written;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A mutex with fencing token, an election with terms, and a lock of readers and writers: one owner at a time, each with a
 * greater token, or several that share it. Immutable.
 */
public final class OwnershipModel implements Model<OwnershipModel.State, Ownership> {
    /**
     * Who owns it.
     *
     * @param owner the token of the one who owns it alone, 0 if there is none
     * @param latest the greatest token of such owners so far
     * @param value the owner's value, or that of the latest one
     * @param lingering whether the latest owner was told that it lost it, but its claim may still be there, as after it
     *     has gone without a word: others may see it until the next one comes
     * @param sharing the tokens of those who share it
     * @param shared the tokens of all who have shared it since it was owned alone
     */
    public record State(
            long owner, long latest, String value, boolean lingering, Set<Long> sharing, SortedSet<Long> shared) {
        State released() {
            return new State(0, latest, "", false, sharing, shared);
        }

        State lost() {
            return new State(0, latest, value, true, sharing, shared);
        }

        boolean mayBeSeen(long token) {
            return token == owner || (lingering && token == latest);
        }

        State withValue(String newValue) {
            return new State(owner, latest, newValue, lingering, sharing, shared);
        }

        State with(Acquired acquired) {
            long token = acquired.token();
            if (!acquired.shared()) {
                return new State(token, token, acquired.value(), false, Set.of(), NONE);
            }
            Set<Long> now = new HashSet<>(sharing);
            now.add(token);
            SortedSet<Long> all = new TreeSet<>(shared);
            all.add(token);
            return new State(0, latest, acquired.value(), false, now, all);
        }

        State without(long token) {
            Set<Long> now = new HashSet<>(sharing);
            now.remove(token);
            return new State(owner, latest, value, lingering, now, shared);
        }

        boolean isHeldBy(long token) {
            return owner == token || sharing.contains(token);
        }

        /** Whether it was held by that token and is no more, or never will be. */
        boolean isPast(long token) {
            return !isHeldBy(token) && (token <= latest || shared.contains(token));
        }

        boolean mayBeAcquired(Acquired acquired) {
            boolean newer = acquired.token() > latest;
            return acquired.shared()
                    ? owner == 0 && newer
                    : owner == 0
                            && newer
                            && sharing.isEmpty()
                            && (shared.isEmpty() || acquired.token() > shared.last());
        }
    }

    private static final SortedSet<Long> NONE = Collections.emptySortedSet();

    @Override
    public State initial() {
        return new State(0, 0, "", false, Set.of(), NONE);
    }

    @Override
    public List<State> after(State state, Ownership operation, Outcome outcome) {
        if (outcome == Outcome.FAILED && hasNoReason(operation)) {
            return List.of(state);
        }
        if (operation instanceof Acquired acquired) {
            return only(state.mayBeAcquired(acquired), state.with(acquired));
        }
        if (operation instanceof Released released) {
            boolean held = state.isHeldBy(released.token());
            if (outcome == Outcome.FAILED) {
                return only(!held, state);
            }
            return only(held, state.owner == released.token() ? state.released() : state.without(released.token()));
        }
        if (operation instanceof Lost lost) {
            // What was given back before it was known to be lost changes nothing.
            return state.owner == lost.token()
                    ? List.of(state.lost())
                    : only(state.isHeldBy(lost.token()) || state.isPast(lost.token()), state.without(lost.token()));
        }
        if (operation instanceof Written written) {
            return only(outcome == Outcome.FAILED ^ state.isHeldBy(written.token()), state);
        }
        if (operation instanceof Proclaimed proclaimed) {
            // What was under way when its owner was told of the loss may be applied as long as the claim is there.
            return outcome == Outcome.FAILED
                    ? only(state.owner != proclaimed.token(), state)
                    : only(state.mayBeSeen(proclaimed.token()), state.withValue(proclaimed.value()));
        }
        return afterSeen(state, (Seen) operation);
    }

    @Override
    public boolean changesNothingFrom(State state, Ownership operation, Outcome outcome) {
        // A token that was the latest, or older, and is not the owner's will never be the owner's again.
        return operation instanceof Written
                || outcome == Outcome.FAILED
                || (operation instanceof Lost lost && state.isPast(lost.token()));
    }

    /** Whether it may fail in any state. */
    private static boolean hasNoReason(Ownership operation) {
        return operation instanceof Acquired || operation instanceof Lost || operation instanceof Seen;
    }

    private static List<State> afterSeen(State state, Seen seen) {
        if (seen.token() == 0) {
            return only(state.owner == 0, state.released());
        }
        if (seen.token() > state.latest) {
            // The first claim of the queue is seen before its owner is told that it is granted, and it may never be
            // told.
            return only(state.owner == 0, state.released());
        }
        return only(state.mayBeSeen(seen.token()) && seen.value().equals(state.value), state);
    }

    private static List<State> only(boolean allowed, State next) {
        return allowed ? List.of(next) : List.of();
    }
}
