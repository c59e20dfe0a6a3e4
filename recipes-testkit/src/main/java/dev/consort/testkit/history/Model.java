/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.List;

/**
 * What a thing does when its operations come one after another. Implementations are immutable.
 *
 * @param <S> its states, which have {@code equals} and {@code hashCode}
 * @param <O> its operations, with their results
 */
public interface Model<S, O> {
    /** The state before everything. */
    S initial();

    /**
     * The states that an operation may lead to; none if it cannot have ended so in this state. An operation whose outcome
     * is unknown is asked about as if it took effect here; that it has none is the checker's to try.
     */
    List<S> after(S state, O operation, Outcome outcome);

    /**
     * Whether an operation that is possible in this state would change nothing in it, nor in any state that can follow. A
     * search then places it at once and nowhere else, which spares it the orders that differ in nothing.
     *
     * @param state before the operation
     * @param operation possible in that state
     * @param outcome as its client was told
     * @return false if in doubt
     */
    default boolean changesNothingFrom(S state, O operation, Outcome outcome) {
        return false;
    }
}
