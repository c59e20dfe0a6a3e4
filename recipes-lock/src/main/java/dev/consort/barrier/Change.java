/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.Wait;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A change of what the keys say, taken once, from whatever they say by then.
 *
 * <p>Concurrency: confined to the rendezvous's serializer.
 *
 * @param <S> what they say
 */
final class Change<S> extends Wait<S, Boolean> {
    private final Rendezvous<S> at;
    private final Making making;
    private final Function<S, Step> step;
    private final Predicate<S> done;
    private @Nullable S last;
    private @Nullable S sent; // what the step was made of that is not answered yet
    private boolean tried;

    /**
     * A change.
     *
     * @param making what is waited for if it is under way
     * @param step compares all that it was made of; one without writes if there is nothing to change
     * @param done whether this very change is to be seen, for its answer may be lost
     */
    Change(Rendezvous<S> at, Making making, Function<S, Step> step, Predicate<S> done) {
        this.at = at;
        this.making = making;
        this.step = step;
        this.done = done;
    }

    @Override
    protected void look(S state) {
        last = state;
        if (tried && done.test(state)) {
            pass(true);
        } else if (sent == null && !making.isUnderWay(this::again)) {
            take(state);
        }
    }

    private void again() {
        if (last != null && !isOver()) {
            look(last);
        }
    }

    private void take(S state) {
        tried = true;
        sent = state;
        at.take(
                step.apply(state),
                answer -> {
                    S now = last;
                    boolean moved = now != sent;
                    sent = null;
                    if (answer.applied()) {
                        pass(true);
                    } else if (moved && now != null && !isOver()) {
                        look(now);
                    }
                },
                this::fail);
    }
}
