/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** One operation after another, each judged. */
final class Told<O> {
    private final Model<?, O> model;
    private final List<Operation<O>> history = new ArrayList<>();

    Told(Model<?, O> model) {
        this.model = model;
    }

    /** They may end so. */
    @SafeVarargs
    final Told<O> ok(O... calls) {
        for (O call : calls) {
            history.add(next(call, Outcome.OK));
            assertThat(Linearizability.violation(model, history)).isEmpty();
        }
        return this;
    }

    @SafeVarargs
    final Told<O> failed(O... calls) {
        for (O call : calls) {
            history.add(next(call, Outcome.FAILED));
            assertThat(Linearizability.violation(model, history)).isEmpty();
        }
        return this;
    }

    Told<O> unknown(O call) {
        history.add(next(call, Outcome.UNKNOWN));
        return this;
    }

    /** Each of them cannot have ended so here, and is forgotten. */
    @SafeVarargs
    final Told<O> notOk(O... calls) {
        for (O call : calls) {
            isBad(next(call, Outcome.OK));
        }
        return this;
    }

    @SafeVarargs
    final Told<O> notFailed(O... calls) {
        for (O call : calls) {
            isBad(next(call, Outcome.FAILED));
        }
        return this;
    }

    private void isBad(Operation<O> operation) {
        List<Operation<O>> bad = new ArrayList<>(history);
        bad.add(operation);
        assertThat(Linearizability.violation(model, bad))
                .as("%s", bad)
                .hasValueSatisfying(
                        violation -> assertThat(violation.unplaced()).containsExactly(operation));
    }

    private Operation<O> next(O call, Outcome outcome) {
        long now = 10L * history.size();
        return new Operation<>(0, call, outcome, now, outcome == Outcome.UNKNOWN ? Operation.NEVER : now + 5);
    }
}
