/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.barrier.DoubleKeys.State;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.Wait;

/**
 * One member that leaves: deletes its key, and waits until none of its round is there. That stays so, since nobody joins a
 * round that is inside.
 *
 * <p>Concurrency: confined to the rendezvous's serializer.
 */
final class Leaving extends Wait<State, Boolean> {
    private final EtcdDoubleBarrier barrier;
    private final Entering.Inside inside;
    private final boolean waits;
    private boolean sent;

    Leaving(EtcdDoubleBarrier barrier, Entering.Inside inside, boolean waits) {
        this.barrier = barrier;
        this.inside = inside;
        this.waits = waits;
    }

    @Override
    protected void look(State state) {
        if (!sent) {
            sent = true;
            String key = barrier.keys().member(inside.id());
            barrier.take(
                    Step.on(barrier.connection())
                            .ifCreated(key, inside.created())
                            .delete(key),
                    answer -> {
                        if (!waits) {
                            pass(true);
                        }
                    },
                    this::fail);
        }
        boolean over = state.round() == null
                || state.round().number() != inside.round()
                || state.inside().isEmpty();
        if (over && waits) {
            pass(true);
        } else {
            mustWait();
        }
    }
}
