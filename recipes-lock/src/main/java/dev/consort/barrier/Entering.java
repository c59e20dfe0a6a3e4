/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.barrier.DoubleKeys.Round;
import dev.consort.barrier.DoubleKeys.State;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.ThisProcess;
import dev.consort.core.internal.Wait;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One member that enters. It puts its key, and has entered when the durable key names it; the last to come writes that. It
 * withdraws by deleting its key and writing the durable one anew, for (!) a put of its own that is late must find it changed.
 *
 * <p>Concurrency: confined to the rendezvous's serializer.
 */
final class Entering extends Wait<State, Entering.Inside> {
    private final EtcdDoubleBarrier barrier;
    private final String id;
    private boolean givenUp;
    private @Nullable State last;
    private long sent; // the mod revision at which its key was put, or 0
    private boolean landed; // its key was seen
    private long created; // the barrier's, when it was put
    private long filling; // the mod revision at which it has tried to, like the next ones
    private long withdrawing;
    private long asked;
    private boolean gone; // its key, without having entered; why is being asked

    /** A member that has entered a round. */
    record Inside(long round, String id, long created) {}

    Entering(EtcdDoubleBarrier barrier) {
        this.barrier = barrier;
        this.id = MemberId.next(barrier.lease());
    }

    @Override
    protected void look(State state) {
        last = state;
        if (gone) {
            return;
        }
        Round now = state.round();
        if (sent != 0 && (now == null || state.created() != created)) {
            deleted(state);
        } else if (now != null && now.inside().contains(id)) {
            pass(new Inside(
                    now.number(), id, state.member(id).map(Member::created).orElse(0L)));
        } else if (sent != 0) {
            boolean there = state.member(id).isPresent();
            landed |= there;
            if (!there && landed) {
                removed();
            } else if (!there && state.modified() != sent) {
                sent = 0; // it did not come in time, and cannot come any more
            }
        }
        if (!isOver() && !gone) {
            goOn(state, now);
        }
    }

    /** By an operator. Its key may be there yet, or was deleted with it. */
    private void deleted(State state) {
        sent = 0;
        if (givenUp) {
            withdrawn();
        } else if (landed) {
            fail(barrier.failure("the barrier was deleted while it waited to enter"));
        }
        if (landed && state.member(id).isEmpty()) {
            barrier.take(unchanged(state).delete(barrier.keys().member(id)), answer -> {}, refused -> {});
        }
        landed = false;
    }

    /** By the withdrawal, by somebody else, or with the lease: then (!) it is the session's end that must be told. */
    private void removed() {
        gone = true;
        if (givenUp) {
            withdrawn();
        } else {
            barrier.whyRemoved(() -> fail(barrier.failure("its key was deleted while it waited to enter")));
        }
    }

    private void goOn(State state, @Nullable Round now) {
        if (givenUp) {
            if (sent == 0) {
                withdrawn();
            } else {
                withdraw(state, Objects.requireNonNull(now));
            }
        } else if (now == null) {
            barrier.make();
        } else if (sent == 0 && barrier.isBeingMade(this::again)) {
            return;
        } else if (now.size() != barrier.members()) {
            ifSoNow(state, barrier.otherSize(now.size()));
        } else if (sent == 0) {
            come(state, now);
        } else if (landed && state.inside().isEmpty() && isLastNeeded(state.waiting(), now)) {
            fill(state, now);
        }
    }

    private void again() {
        if (last != null && !isOver()) {
            look(last);
        }
    }

    private boolean isLastNeeded(List<Member> waiting, Round now) {
        return waiting.size() >= now.size() && waiting.get(now.size() - 1).id().equals(id);
    }

    /** The view may be a moment old: asks etcd before anybody is told. */
    private void ifSoNow(State state, RecipeException why) {
        if (asked != state.modified()) {
            asked = state.modified();
            barrier.take(
                    unchanged(state),
                    answer -> {
                        if (answer.applied()) {
                            fail(why);
                        }
                    },
                    this::fail);
        }
    }

    private void come(State state, Round now) {
        sent = state.modified();
        created = state.created();
        Step come = unchanged(state).put(barrier.keys().member(id), ThisProcess.text(), barrier.lease());
        boolean isLast = state.inside().isEmpty() && state.waiting().size() == now.size() - 1;
        Step step = isLast
                ? naming(state.waiting(), state, now, true)
                        .put(barrier.keys().member(id), ThisProcess.text(), barrier.lease())
                        .otherwise(come)
                : come;
        barrier.take(
                step,
                answer -> {
                    if (!(isLast && answer.applied())) {
                        mustWait();
                    }
                },
                this::fail);
    }

    private void fill(State state, Round now) {
        if (filling != state.modified()) {
            filling = state.modified();
            barrier.take(
                    naming(state.waiting().subList(0, now.size()), state, now, false),
                    answer -> {},
                    this::failAndLeave);
        }
    }

    /** (!) Each of them is compared, for one that has died or withdrawn does not enter. That the round before is over stays so. */
    private Step naming(List<Member> members, State state, Round now, boolean coming) {
        Step step = unchanged(state);
        members.forEach(member -> step.ifCreated(barrier.keys().member(member.id()), member.created()));
        List<String> ids = new ArrayList<>(members.stream().map(Member::id).toList());
        if (coming) {
            ids.add(id);
        }
        return step.put(barrier.keys().round(), now.next(ids).text());
    }

    private Step unchanged(State state) {
        return Step.on(barrier.connection()).ifModified(barrier.keys().round(), state.modified());
    }

    @Override
    protected void giveUp() {
        givenUp = true;
        if (gone) {
            withdrawn();
        } else if (last != null) {
            look(last);
        } else {
            withdrawn();
        }
    }

    private void withdraw(State state, Round now) {
        if (withdrawing != state.modified()) {
            withdrawing = state.modified();
            barrier.take(
                    unchanged(state)
                            .put(barrier.keys().round(), now.text())
                            .delete(barrier.keys().member(id)),
                    answer -> {
                        if (answer.applied()) {
                            withdrawn();
                        }
                    },
                    this::failAndLeave);
        }
    }

    /** Deleting works when putting is refused. */
    private void failAndLeave(RecipeException why) {
        barrier.take(
                unchanged(Objects.requireNonNull(last)).delete(barrier.keys().member(id)), answer -> {}, ignored -> {});
        fail(why);
    }

    /** A put of its own that is late finds the durable key changed, by this if by nobody else. */
    @Override
    protected void stranded() {
        if (sent != 0) {
            String key = barrier.keys().member(id);
            Round now = Objects.requireNonNull(last).round();
            Step delete = Step.on(barrier.connection()).delete(key);
            Step step = now == null || last.modified() != sent
                    ? delete
                    : unchanged(last)
                            .put(barrier.keys().round(), now.text())
                            .delete(key)
                            .otherwise(delete);
            barrier.take(step, answer -> {}, refused -> {});
        }
    }

    /** It has entered though nobody waits for that any more: the others must not wait for it when they leave. */
    @Override
    protected void unwanted(Inside inside) {
        barrier.join(new Leaving(barrier, inside, false));
    }
}
