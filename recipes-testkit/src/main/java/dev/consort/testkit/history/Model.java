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
     * is unknown is asked about as if it took effect here; that it has none is the checker's to try. One that failed leads
     * to the same state, if that can have been a reason.
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

    /**
     * Says more of operations of unknown outcome, from what the others tell: leaves out what no other can depend on, and
     * makes known what must have happened. There is an order of the result just if there is one of the history.
     *
     * @param history of one object
     * @return what is to be placed; the history if in doubt
     */
    default List<Operation<O>> simplified(List<Operation<O>> history) {
        return history;
    }
}
