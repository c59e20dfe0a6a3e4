/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import java.util.concurrent.CompletableFuture;

/** What one caller wants of a counter. Immutable, but for its result. */
abstract class CounterOperation {
    /** Completed with what the caller is told. */
    final CompletableFuture<Long> result = new CompletableFuture<>();

    /**
     * What the counter becomes.
     *
     * @throws ArithmeticException if that is beyond the range
     */
    abstract long after(long before);

    /** What the caller is told. */
    abstract long told(long before, long after);

    /** What cannot be done, for messages. */
    abstract String text(long before);

    static CounterOperation add(long delta) {
        return new CounterOperation() {
            @Override
            long after(long before) {
                return Math.addExact(before, delta);
            }

            @Override
            long told(long before, long after) {
                return after;
            }

            @Override
            String text(long before) {
                return before
                        + (delta < 0 ? " - " : " + ")
                        + String.valueOf(delta).replace("-", "");
            }
        };
    }

    /** Tells 1 if it was set. */
    static CounterOperation replace(long expected, long value) {
        return new CounterOperation() {
            @Override
            long after(long before) {
                return before == expected ? value : before;
            }

            @Override
            long told(long before, long after) {
                return before == expected ? 1 : 0;
            }

            @Override
            String text(long before) {
                return String.valueOf(value);
            }
        };
    }
}
