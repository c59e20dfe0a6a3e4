/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.barrier.CyclicKeys.State;
import dev.consort.barrier.Generation.Phase;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.ThisProcess;
import dev.consort.core.internal.Wait;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One party that arrives and waits. It puts its key under the generation that it sees; the last to come trips it, in the
 * transaction in which it comes if it can. All that it writes compares the mod revision of the generation, which whatever
 * ends a generation moves: so what lands late does nothing.
 *
 * <p>Concurrency: confined to the rendezvous's serializer.
 */
final class Arrival extends Wait<State, Verdict> {
    private final EtcdCyclicBarrier barrier;
    private final String id;
    private boolean givenUp;
    private boolean abandoned;
    private @Nullable State last;
    private boolean sent; // its key to the generation below, which has not ended
    private boolean landed; // and was seen there
    private long of; // the generation that it was sent to, and the barrier's create revision then
    private long created;
    private long tripping; // the mod revision at which it has tried to, like the next one
    private long breaking;
    private long asked;

    Arrival(EtcdCyclicBarrier barrier) {
        this.barrier = barrier;
        this.id = MemberId.next(barrier.lease());
    }

    @Override
    protected void look(State state) {
        last = state;
        Generation now = state.generation();
        landed |= sent && state.created() == created && state.ids().contains(id);
        if (sent && (now == null || state.created() != created || now.number() != of)) {
            sent = false;
            ended(state, now);
        }
        if (isOver()) {
            return;
        }
        if (givenUp && !sent) {
            breakWithoutComing(state, now);
        } else if (now == null) {
            barrier.make();
        } else if (!sent && barrier.isBeingMade(this::again)) {
            return;
        } else if (now.parties() == barrier.parties()) {
            goOn(state, now);
        } else {
            ifSoNow(state, () -> fail(barrier.otherParties(now.parties())));
        }
    }

    private void again() {
        if (last != null && !isOver()) {
            look(last);
        }
    }

    /**
     * How the generation that it was sent to has ended. If its key was never seen there, it did not come in time and cannot
     * come any more; then it goes on with the present one.
     */
    private void ended(State state, @Nullable Generation now) {
        boolean came = landed;
        landed = false;
        if (now == null || state.created() != created) {
            if (came) {
                pass(new Verdict.Broken(of, "it was deleted"));
                clearAway(state);
            }
            return;
        }
        boolean next = now.number() == of + 1;
        int position = now.members().indexOf(id);
        if (next && now.phase() == Phase.TRIPPED && position >= 0) {
            pass(new Verdict.Passed(of, now.parties() - 1 - position));
        } else if (next && now.phase() == Phase.RESET && came) {
            pass(new Verdict.Broken(of, "it was reset"));
        } else if (!next || !now.isOpen()) {
            fail(new OutcomeUnknownException(
                    EtcdCyclicBarrier.RECIPE,
                    barrier.name(),
                    "generation " + of
                            + " has ended and so have later ones while etcd was out of reach, and nothing tells"
                            + " any more how",
                    null));
        }
        // Else it came too late for that one.
    }

    /** The operator who deleted the durable key may have left this one. */
    private void clearAway(State state) {
        barrier.take(unchanged(state).delete(barrier.keys().member(of, id)), answer -> {}, why -> {});
    }

    /** What the view says may be over: asks etcd before anybody is told. If it is, the view will say so. */
    private void ifSoNow(State state, Runnable then) {
        if (asked != state.modified()) {
            asked = state.modified();
            barrier.take(
                    unchanged(state),
                    answer -> {
                        if (answer.applied() && !isOver()) {
                            then.run();
                        }
                    },
                    this::fail);
        }
    }

    private void goOn(State state, Generation now) {
        switch (now.phase()) {
            case NEW, TRIPPED, RESET -> {
                if (givenUp) {
                    breakIt(state, now);
                } else if (!sent) {
                    arrive(state, now);
                } else if (state.members().size() >= now.parties()
                        && state.members().get(now.parties() - 1).id().equals(id)) {
                    trip(state, now);
                }
            }
            case RUNNING -> {
                if (!now.members().contains(id)) {
                    mustWait(); // for the next one
                } else if (givenUp) {
                    breakIt(state, now);
                } else if (now.isRunner(id)) {
                    pass(new Verdict.Turn(of, id));
                }
            }
            case BROKEN -> {
                Verdict broken = new Verdict.Broken(now.number(), now.why());
                if (givenUp && now.members().contains(id)) {
                    withdrawn();
                } else if (landed) {
                    pass(broken);
                } else {
                    ifSoNow(state, () -> pass(broken));
                }
            }
        }
    }

    private void arrive(State state, Generation now) {
        sent = true;
        of = now.number();
        created = state.created();
        Step come = unchanged(state).put(barrier.keys().member(of, id), ThisProcess.text(), barrier.lease());
        boolean last = state.members().size() == now.parties() - 1;
        barrier.take(
                last ? completing(state, now, true).otherwise(come) : come,
                answer -> {
                    if (!(last && answer.applied())) {
                        mustWait();
                    }
                },
                this::fail);
    }

    private void trip(State state, Generation now) {
        if (tripping != state.modified()) {
            tripping = state.modified();
            barrier.take(completing(state, now, false), answer -> {}, this::failAndLeave);
        }
    }

    /** All who are needed are there in this very revision: (!) compared one by one, for one that died takes part no more. */
    private Step completing(State state, Generation now, boolean coming) {
        List<Member> needed = state.members().subList(0, now.parties() - (coming ? 1 : 0));
        Step step = unchanged(state);
        needed.forEach(member -> step.ifCreated(barrier.keys().member(of, member.id()), member.created()));
        List<String> ids = new ArrayList<>(needed.stream().map(Member::id).toList());
        if (coming) {
            ids.add(id);
        }
        if (!barrier.hasAction()) {
            return step.put(barrier.keys().generation(), now.tripped(ids).text())
                    .deleteBelow(barrier.keys().members(of));
        }
        if (coming) {
            step.put(barrier.keys().member(of, id), ThisProcess.text(), barrier.lease());
        }
        return step.put(barrier.keys().generation(), now.running(ids).text());
    }

    private Step unchanged(State state) {
        return Step.on(barrier.connection()).ifModified(barrier.keys().generation(), state.modified());
    }

    @Override
    protected void giveUp() {
        givenUp = true;
        if (last != null) {
            look(last);
        }
    }

    /** The others are not to wait for one that does not. If it was tripped first, this comes to nothing, and it passed. */
    private void breakIt(State state, Generation now) {
        if (breaking != state.modified()) {
            breaking = state.modified();
            barrier.take(
                    barrier.broken(state, now, id, ThisProcess.text() + " waited no longer"),
                    answer -> {
                        if (answer.applied()) {
                            withdrawn();
                        }
                    },
                    this::failAndLeave);
        }
    }

    /** It will not come, as the others of the present generation are to learn; of a later one only while somebody waits. */
    private void breakWithoutComing(State state, @Nullable Generation now) {
        if (now == null || abandoned) {
            withdrawn();
        } else if (!now.isOpen()) {
            ifSoNow(state, this::withdrawn);
        } else if (breaking != state.modified()) {
            breaking = state.modified();
            barrier.take(
                    barrier.broken(state, now, id, ThisProcess.text() + " waited no longer"),
                    answer -> {
                        if (answer.applied() || abandoned) {
                            withdrawn();
                        }
                    },
                    why -> withdrawn());
        }
    }

    /** (!) It does not end here: whoever is told that its time is over relies on the others' being told too. */
    @Override
    protected void abandoned() {
        abandoned = true;
    }

    /** Deleting works when putting is refused, and tells the others as well. */
    private void failAndLeave(RecipeException why) {
        barrier.take(
                Step.on(barrier.connection())
                        .ifModified(
                                barrier.keys().generation(),
                                Objects.requireNonNull(last).modified())
                        .delete(barrier.keys().member(of, id)),
                answer -> {},
                ignored -> {});
        fail(why);
    }

    /** As if it waited no longer, for the others do not know why it fails. */
    @Override
    protected void stranded() {
        State seen = last;
        Generation now = seen == null ? null : seen.generation();
        if (sent && seen != null && now != null && now.number() == of && now.phase() != Phase.BROKEN) {
            barrier.take(
                    barrier.broken(seen, now, id, ThisProcess.text() + " could not wait any longer")
                            .otherwise(Step.on(barrier.connection())
                                    .delete(barrier.keys().member(of, id))),
                    answer -> {},
                    refused -> {});
        }
    }

    /** It is to run the action, and nobody is there any more to run it. */
    @Override
    protected void unwanted(Verdict value) {
        if (value instanceof Verdict.Turn turn) {
            barrier.join(new Conclusion(barrier, turn, ThisProcess.text() + " waited no longer"));
        }
    }
}
