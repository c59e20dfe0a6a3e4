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
     * @param value the owner's value
     */
    public record State(long owner, long latest, String value) {
        State free() {
            return new State(0, latest, "");
        }
    }

    @Override
    public State initial() {
        return new State(0, 0, "");
    }

    @Override
    public List<State> after(State state, Ownership operation, Outcome outcome) {
        if (operation instanceof Acquired acquired) {
            return only(
                    state.owner == 0 && acquired.token() > state.latest,
                    new State(acquired.token(), acquired.token(), acquired.value()));
        }
        if (operation instanceof Released released) {
            return outcome == Outcome.FAILED
                    ? only(state.owner != released.token(), state)
                    : only(state.owner == released.token(), state.free());
        }
        if (operation instanceof Lost lost) {
            // What was given back before it was known to be lost changes nothing.
            return state.owner == lost.token() ? List.of(state.free()) : only(state.latest >= lost.token(), state);
        }
        if (operation instanceof Written written) {
            return only(outcome == Outcome.FAILED ^ state.owner == written.token(), state);
        }
        if (operation instanceof Proclaimed proclaimed) {
            return outcome == Outcome.FAILED
                    ? only(state.owner != proclaimed.token(), state)
                    : only(
                            state.owner == proclaimed.token(),
                            new State(state.owner, state.latest, proclaimed.value()));
        }
        Seen seen = (Seen) operation;
        // The first claim of the queue is seen before its owner is told that it is granted, and may never be told.
        return only(
                seen.token() == 0
                        ? state.owner == 0
                        : seen.token() > state.latest
                                ? state.owner == 0
                                : seen.token() == state.owner && seen.value().equals(state.value),
                state);
    }

    private static List<State> only(boolean allowed, State next) {
        return allowed ? List.of(next) : List.of();
    }
}
