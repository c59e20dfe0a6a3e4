/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.ReadWriteLockCall.ReadLocked;
import dev.consort.testkit.history.ReadWriteLockCall.ReadUnlocked;
import dev.consort.testkit.history.ReadWriteLockCall.WriteLocked;
import dev.consort.testkit.history.ReadWriteLockCall.WriteUnlocked;
import java.util.List;
import java.util.SortedMap;

/**
 * One writer or many readers. Owners may lock again what they hold; a writer may read too, and a reader may become the
 * writer when it is the only one, or be refused. It does not say who goes first. Immutable.
 */
public final class ReadWriteLockModel implements Model<ReadWriteLockModel.State, ReadWriteLockCall> {
    /**
     * Who holds it.
     *
     * @param readers how many times each reader holds the read lock
     * @param writers the same of the write lock: one writer at most
     */
    public record State(SortedMap<String, Integer> readers, SortedMap<String, Integer> writers) {
        State readers(String owner, int holds) {
            return new State(Holds.with(readers, owner, holds), writers);
        }

        State writers(String owner, int holds) {
            return new State(readers, Holds.with(writers, owner, holds));
        }
    }

    @Override
    public State initial() {
        return new State(Holds.NONE, Holds.NONE);
    }

    @Override
    public List<State> after(State state, ReadWriteLockCall call, Outcome outcome) {
        String owner = call.owner();
        int reads = Holds.of(state.readers, owner);
        int writes = Holds.of(state.writers, owner);
        boolean noOtherWriter = Holds.onlyOf(state.writers, owner);
        boolean noOther = noOtherWriter && Holds.onlyOf(state.readers, owner);
        boolean failed = outcome == Outcome.FAILED;
        if (call instanceof ReadLocked) {
            return failed ? only(!noOtherWriter, state) : only(noOtherWriter, state.readers(owner, reads + 1));
        }
        if (call instanceof ReadUnlocked) {
            return failed ? only(reads == 0, state) : only(reads > 0, state.readers(owner, reads - 1));
        }
        if (call instanceof WriteLocked) {
            boolean refused = !noOther || (reads > 0 && writes == 0);
            return failed ? only(refused, state) : only(noOther, state.writers(owner, writes + 1));
        }
        if (call instanceof WriteUnlocked) {
            return failed ? only(writes == 0, state) : only(writes > 0, state.writers(owner, writes - 1));
        }
        return List.of(failed ? state : state.readers(owner, 0).writers(owner, 0));
    }

    @Override
    public boolean changesNothingFrom(State state, ReadWriteLockCall call, Outcome outcome) {
        return outcome == Outcome.FAILED;
    }

    private static List<State> only(boolean allowed, State next) {
        return allowed ? List.of(next) : List.of();
    }
}
