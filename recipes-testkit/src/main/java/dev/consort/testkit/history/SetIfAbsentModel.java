/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.SetIfAbsentCall.Claimed;
import dev.consort.testkit.history.SetIfAbsentCall.Expired;
import dev.consort.testkit.history.SetIfAbsentCall.Removed;
import dev.consort.testkit.history.SetIfAbsentCall.Seen;
import java.util.List;

/** A key that only the first one sets, until it is removed or expires. Its state is the value, empty if absent. Immutable. */
public final class SetIfAbsentModel implements Model<String, SetIfAbsentCall> {
    private static final String ABSENT = "";

    @Override
    public String initial() {
        return ABSENT;
    }

    @Override
    public List<String> after(String state, SetIfAbsentCall call, Outcome outcome) {
        boolean failed = outcome == Outcome.FAILED;
        if (call instanceof Claimed claimed) {
            boolean possible = state.isEmpty() || state.equals(claimed.value());
            return failed ? only(!possible, state) : only(possible, claimed.value());
        }
        if (call instanceof Removed removed) {
            boolean possible = state.equals(removed.value());
            return failed ? only(!possible, state) : only(possible, ABSENT);
        }
        if (call instanceof Seen seen) {
            return only(failed || state.equals(seen.value()), state);
        }
        return List.of(!failed && state.equals(((Expired) call).value()) ? ABSENT : state);
    }

    @Override
    public boolean changesNothingFrom(String state, SetIfAbsentCall call, Outcome outcome) {
        return outcome == Outcome.FAILED || call instanceof Seen;
    }

    private static List<String> only(boolean allowed, String next) {
        return allowed ? List.of(next) : List.of();
    }
}
