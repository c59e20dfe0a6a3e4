/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.barrier.CyclicKeys.State;
import dev.consort.barrier.Generation.Phase;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.Wait;

/**
 * What follows the barrier's action: the generation is tripped, or broken if the action failed; or it was broken meanwhile.
 *
 * <p>Concurrency: confined to the rendezvous's serializer.
 */
final class Conclusion extends Wait<State, Verdict> {
    private final EtcdCyclicBarrier barrier;
    private final Verdict.Turn turn;
    private final String failure;
    private long tried;

    /** What follows an action that failed so, or did not if that is empty. */
    Conclusion(EtcdCyclicBarrier barrier, Verdict.Turn turn, String failure) {
        this.barrier = barrier;
        this.turn = turn;
        this.failure = failure;
    }

    @Override
    protected void look(State state) {
        Generation now = state.generation();
        if (now == null || now.number() < turn.generation()) {
            broken("it was deleted");
        } else if (now.number() == turn.generation()) {
            if (now.isRunner(turn.id())) {
                conclude(state, now);
            } else {
                broken(now.why());
            }
        } else if (now.number() == turn.generation() + 1 && now.members().contains(turn.id())) {
            pass(new Verdict.Passed(turn.generation(), 0));
        } else if (now.number() == turn.generation() + 1 && now.phase() == Phase.RESET) {
            broken("it was reset");
        } else {
            fail(new OutcomeUnknownException(
                    EtcdCyclicBarrier.RECIPE,
                    barrier.name(),
                    "generation " + turn.generation() + " has ended, and nothing tells any more how",
                    null));
        }
    }

    private void broken(String why) {
        pass(new Verdict.Broken(turn.generation(), why));
    }

    private void conclude(State state, Generation now) {
        if (tried == state.modified()) {
            return;
        }
        tried = state.modified();
        Step step = failure.isEmpty()
                ? Step.on(barrier.connection())
                        .ifModified(barrier.keys().generation(), state.modified())
                        .put(
                                barrier.keys().generation(),
                                now.tripped(now.members()).text())
                        .deleteBelow(barrier.keys().members(now.number()))
                : barrier.broken(state, now, turn.id(), failure);
        barrier.take(step, answer -> {}, this::fail);
    }
}
