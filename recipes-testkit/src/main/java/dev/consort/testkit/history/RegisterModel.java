/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.RegisterCall.Read;
import dev.consort.testkit.history.RegisterCall.Replaced;
import dev.consort.testkit.history.RegisterCall.Written;
import java.util.List;

/** A value that is read, written, and compared and set: a key, a counter's value, a configuration. Immutable. */
public final class RegisterModel implements Model<String, RegisterCall> {
    private final String initial;

    /**
     * A register.
     *
     * @param initial what it holds before everything, such as an empty text for a key that does not exist
     */
    public RegisterModel(String initial) {
        this.initial = initial;
    }

    @Override
    public String initial() {
        return initial;
    }

    @Override
    public List<String> after(String state, RegisterCall call, Outcome outcome) {
        boolean failed = outcome == Outcome.FAILED;
        if (call instanceof Written written) {
            return List.of(failed ? state : written.value());
        }
        if (call instanceof Replaced replaced) {
            boolean possible = state.equals(replaced.expected());
            return failed ? only(!possible, state) : only(possible, replaced.value());
        }
        return only(failed || state.equals(((Read) call).value()), state);
    }

    @Override
    public boolean changesNothingFrom(String state, RegisterCall call, Outcome outcome) {
        return outcome == Outcome.FAILED || call instanceof Read;
    }

    private static List<String> only(boolean allowed, String next) {
        return allowed ? List.of(next) : List.of();
    }
}
