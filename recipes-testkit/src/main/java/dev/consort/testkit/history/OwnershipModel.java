/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.Ownership.Acquired;
import dev.consort.testkit.history.Ownership.Lost;
import dev.consort.testkit.history.Ownership.Proclaimed;
import dev.consort.testkit.history.Ownership.Released;
import dev.consort.testkit.history.Ownership.Seen;
import dev.consort.testkit.history.Ownership.Written;
import java.util.List;

/** A mutex with fencing token, and an election with terms: one owner at a time, each with a greater token. Immutable. */
public final class OwnershipModel implements Model<OwnershipModel.State, Ownership> {
    /**
     * Who owns it.
     *
     * @param owner the owner's token, 0 if there is none
     * @param latest the greatest token so far
     * @param value the owner's value, or that of the latest one
     * @param lingering whether the latest owner was told that it lost it, but its claim may still be there, as after it
     *     has gone without a word: others may see it until the next one comes
     */
    public record State(long owner, long latest, String value, boolean lingering) {
        State released() {
            return new State(0, latest, "", false);
        }

        State lost() {
            return new State(0, latest, value, true);
        }

        boolean mayBeSeen(long token) {
            return token == owner || (lingering && token == latest);
        }

        State withValue(String newValue) {
            return new State(owner, latest, newValue, lingering);
        }
    }

    @Override
    public State initial() {
        return new State(0, 0, "", false);
    }

    @Override
    public List<State> after(State state, Ownership operation, Outcome outcome) {
        if (outcome == Outcome.FAILED && hasNoReason(operation)) {
            return List.of(state);
        }
        if (operation instanceof Acquired acquired) {
            return only(
                    state.owner == 0 && acquired.token() > state.latest,
                    new State(acquired.token(), acquired.token(), acquired.value(), false));
        }
        if (operation instanceof Released released) {
            return outcome == Outcome.FAILED
                    ? only(state.owner != released.token(), state)
                    : only(state.owner == released.token(), state.released());
        }
        if (operation instanceof Lost lost) {
            // What was given back before it was known to be lost changes nothing.
            return state.owner == lost.token() ? List.of(state.lost()) : only(state.latest >= lost.token(), state);
        }
        if (operation instanceof Written written) {
            return only(outcome == Outcome.FAILED ^ state.owner == written.token(), state);
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
                || (operation instanceof Lost lost && lost.token() <= state.latest && lost.token() != state.owner);
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
