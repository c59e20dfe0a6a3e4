/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.function.BooleanSupplier;

/** Attempts of one participant at a lock that others have: an operation is one that fails, as it must. */
record Attempts(BooleanSupplier attempt, Runnable closing) implements Contender {
    @Override
    public int participants() {
        return 1;
    }

    @Override
    public int operate(int participant) {
        Must.hold(!attempt.getAsBoolean(), "got a lock that others have");
        return 1;
    }

    @Override
    public void close() {
        closing.run();
    }
}
