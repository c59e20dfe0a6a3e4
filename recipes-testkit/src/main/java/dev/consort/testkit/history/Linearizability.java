/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Decides whether a history has an order of its operations that the model allows and that keeps to real time: what
 * completed before another began comes before it. After Wing and Gong, "Testing and verifying concurrent objects" (1993), with Lowe's
 * refinement, "Testing for linearizability" (2017): what was tried from a set of operations done and a state is not tried again.
 *
 * <p>An operation of unknown outcome may take effect at any time after its invocation, or never. Many of those make the
 * search long; a few in a hundred do not. This class is threadsafe.
 */
public final class Linearizability {
    /** A search that has come so far would not end. */
    static final int MOST_TRIED = 2_000_000;

    private Linearizability() {}

    /**
     * Checks a history of one object.
     *
     * @return empty if it is linearizable, else its shortest part that is not
     * @throws IllegalStateException if that is not decided after two million states
     */
    public static <S, O> Optional<Violation<O>> violation(Model<S, O> model, List<Operation<O>> history) {
        return violation("", model, history);
    }

    /**
     * Checks a history of one object that has a name, which a violation says.
     *
     * @throws IllegalStateException if that is not decided after two million states
     */
    public static <S, O> Optional<Violation<O>> violation(String name, Model<S, O> model, List<Operation<O>> history) {
        boolean good = new Search<>(model, model.simplified(history), MOST_TRIED).succeeds();
        return good ? Optional.empty() : Optional.of(new Shortening<>(name, model, history).violation());
    }

    /**
     * Checks a history of many objects, each for itself, which is as good and much faster:
     *
     * <pre>{@code
     * record Call(String lock, ReentrantMutexCall what) {}
     * History<Call> history = ...;
     * assertThat(violations(new ReentrantMutexModel(), history.operations(), Call::lock, Call::what)).isEmpty();
     * }</pre>
     *
     * @param name of the object that an operation is of
     * @param what the operation for the model
     * @return one violation for each object whose history is not linearizable
     * @throws IllegalStateException if that is not decided after two million states for one of them
     */
    public static <S, O, N> List<Violation<O>> violations(
            Model<S, O> model, List<Operation<N>> history, Function<? super N, String> name, Function<N, O> what) {
        Map<String, List<Operation<O>>> histories = new LinkedHashMap<>();
        for (Operation<N> operation : history) {
            histories
                    .computeIfAbsent(name.apply(operation.what()), unused -> new ArrayList<>())
                    .add(new Operation<>(
                            operation.client(),
                            what.apply(operation.what()),
                            operation.outcome(),
                            operation.invoked(),
                            operation.completed()));
        }
        List<Violation<O>> found = new ArrayList<>();
        histories.forEach(
                (object, operations) -> violation(object, model, operations).ifPresent(found::add));
        return found;
    }
}
