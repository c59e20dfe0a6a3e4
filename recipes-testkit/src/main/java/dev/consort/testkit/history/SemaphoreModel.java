/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.SemaphoreCall.Acquired;
import dev.consort.testkit.history.SemaphoreCall.Released;
import java.util.List;
import java.util.SortedMap;

/** So many permits and no more, given back by who holds them. It does not say in which order waiters are served. Immutable. */
public final class SemaphoreModel implements Model<SemaphoreModel.State, SemaphoreCall> {
    /**
     * Who holds permits.
     *
     * @param held how many each owner holds
     */
    public record State(SortedMap<String, Integer> held) {}

    private final int permits;

    /**
     * A semaphore.
     *
     * @param permits how many there are, 1 or more
     */
    public SemaphoreModel(int permits) {
        if (permits < 1) {
            throw new IllegalArgumentException("permits: " + permits + ", must be 1 or more");
        }
        this.permits = permits;
    }

    @Override
    public State initial() {
        return new State(Holds.NONE);
    }

    @Override
    public List<State> after(State state, SemaphoreCall call, Outcome outcome) {
        int mine = Holds.of(state.held, call.owner());
        boolean failed = outcome == Outcome.FAILED;
        if (call instanceof Acquired acquired) {
            boolean free = Holds.total(state.held) + acquired.permits() <= permits;
            return failed ? only(!free, state) : only(free, state, call, mine + acquired.permits());
        }
        if (call instanceof Released released) {
            boolean held = released.permits() <= mine;
            return failed ? only(!held, state) : only(held, state, call, mine - released.permits());
        }
        return only(true, state, call, failed ? mine : 0);
    }

    @Override
    public boolean changesNothingFrom(State state, SemaphoreCall call, Outcome outcome) {
        return outcome == Outcome.FAILED;
    }

    private static List<State> only(boolean allowed, State next) {
        return allowed ? List.of(next) : List.of();
    }

    private static List<State> only(boolean allowed, State state, SemaphoreCall call, int held) {
        return allowed ? List.of(new State(Holds.with(state.held, call.owner(), held))) : List.of();
    }
}
