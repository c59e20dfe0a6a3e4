/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.ReentrantMutexCall.Counted;
import dev.consort.testkit.history.ReentrantMutexCall.Locked;
import dev.consort.testkit.history.ReentrantMutexCall.Unlocked;
import java.util.List;

/**
 * A mutex whose owner may lock it again, and has to unlock it as often. It does not say in which order waiters are served.
 * For mutexes with fencing tokens, {@link OwnershipModel} sees more. Immutable.
 */
public final class ReentrantMutexModel implements Model<ReentrantMutexModel.State, ReentrantMutexCall> {
    /**
     * Who holds it.
     *
     * @param owner empty if it is free
     * @param holds how many times, 0 if it is free
     */
    public record State(String owner, int holds) {}

    private static final State FREE = new State("", 0);

    @Override
    public State initial() {
        return FREE;
    }

    @Override
    public List<State> after(State state, ReentrantMutexCall call, Outcome outcome) {
        boolean mine = state.holds > 0 && state.owner.equals(call.owner());
        boolean failed = outcome == Outcome.FAILED;
        if (call instanceof Locked) {
            boolean possible = mine || state.holds == 0;
            return failed ? only(!possible, state) : only(possible, new State(call.owner(), state.holds + 1));
        }
        if (call instanceof Unlocked) {
            State less = state.holds == 1 ? FREE : new State(state.owner, state.holds - 1);
            return failed ? only(!mine, state) : only(mine, less);
        }
        if (call instanceof Counted counted) {
            return only(failed || counted.holds() == (mine ? state.holds : 0), state);
        }
        return List.of(mine && !failed ? FREE : state);
    }

    @Override
    public boolean changesNothingFrom(State state, ReentrantMutexCall call, Outcome outcome) {
        return outcome == Outcome.FAILED || call instanceof Counted;
    }

    private static List<State> only(boolean allowed, State next) {
        return allowed ? List.of(next) : List.of();
    }
}
