/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.barrier.CyclicKeys.State;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.ThisProcess;
import dev.consort.core.internal.Wait;
import dev.consort.core.internal.Waiting;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The cyclic barrier on one durable key and a leased one for each who waits.
 *
 * <p>Concurrency: the fields below "confined" are the rendezvous's serializer's.
 */
final class EtcdCyclicBarrier implements DistributedCyclicBarrier, Rendezvous.Recipe<State> {
    static final String RECIPE = "DistributedCyclicBarrier";

    private final EtcdSession session;
    private final CyclicKeys keys;
    private final int parties;
    private final @Nullable Runnable action;
    private final Rendezvous<State> rendezvous;
    private final Waiting<State> waiting;
    private final Making making;
    // Confined.
    private final Set<String> present = new HashSet<>(); // the members of the generation looked at last
    private long looked; // that generation, and the barrier's create revision then
    private long created;
    private long breaking; // the mod revision at which it was tried

    EtcdCyclicBarrier(Session session, String name, int parties, @Nullable Runnable action) {
        this.session = EtcdSession.of(session);
        this.keys = new CyclicKeys(Names.checked(RECIPE, name, session));
        this.parties = Parties.checked(RECIPE, name, parties);
        this.action = action;
        this.rendezvous = new Rendezvous<>(this.session, RECIPE, name, this);
        this.waiting = new Waiting<>(rendezvous);
        this.making = new Making(
                rendezvous,
                () -> Step.on(connection())
                        .ifCreated(keys.generation(), 0)
                        .put(keys.generation(), Generation.first(parties).text()));
    }

    // For its waits

    EtcdConnection connection() {
        return rendezvous.connection();
    }

    CyclicKeys keys() {
        return keys;
    }

    long lease() {
        return session.leaseId();
    }

    boolean hasAction() {
        return action != null;
    }

    void join(Wait<State, ?> wait) {
        rendezvous.join(wait);
    }

    void take(Step step, Consumer<Step.Answer> then, Consumer<RecipeException> otherwise) {
        rendezvous.take(step, then, otherwise);
    }

    /** Puts the durable key; who waits goes on when the view shows it. */
    void make() {
        making.begin();
    }

    /** Whether that is under way; then it is told when it has been answered. */
    boolean isBeingMade(Runnable whenAnswered) {
        return making.isUnderWay(whenAnswered);
    }

    Step broken(State state, Generation now, String by, String why) {
        return unchanged(state)
                .put(keys.generation(), now.broken(by, why).text())
                .deleteBelow(keys.members(now.number()));
    }

    RecipeException otherParties(int those) {
        return new RecipeException(
                RECIPE,
                name(),
                "this process states " + parties + " parties, but the barrier in etcd has " + those
                        + "; state the same number everywhere, or delete() the barrier with that number first",
                null);
    }

    // What the keys say

    @Override
    public State read(Collection<Entry> entries, long revision) {
        return keys.read(entries);
    }

    /** A party that is not there any more while its generation is has died: the others are not to wait for it. */
    @Override
    public void look(State state) {
        Generation now = state.generation();
        if (now == null || now.number() != looked || state.created() != created) {
            present.clear();
            looked = now == null ? 0 : now.number();
            created = state.created();
        }
        if (now == null || now.phase() == Generation.Phase.BROKEN) {
            return;
        }
        Set<String> gone = new HashSet<>(present);
        present.clear();
        present.addAll(state.ids());
        if (now.isOpen()) {
            gone.removeAll(present);
            gone.stream().findAny().ifPresent(id -> breakFor(state, now, id));
        } else if (!present.contains(now.runner())) {
            breakFor(state, now, now.runner());
        }
    }

    private void breakFor(State state, Generation now, String id) {
        if (breaking != state.modified()) {
            breaking = state.modified();
            rendezvous.take(
                    broken(state, now, id, "party " + id + " was lost: its session has ended, or its key was deleted"),
                    answer -> {},
                    rendezvous::failAll);
        }
    }

    // DistributedCyclicBarrier

    @Override
    public String name() {
        return keys.name();
    }

    @Override
    public int parties() {
        return parties;
    }

    @Override
    public int await() throws InterruptedException, BrokenBarrierException {
        breakIfInterrupted();
        return index(waiting.await(new Arrival(this)));
    }

    @Override
    public int await(Duration timeout) throws InterruptedException, BrokenBarrierException, TimeoutException {
        breakIfInterrupted();
        Optional<Verdict> verdict = waiting.await(new Arrival(this), timeout);
        return index(verdict.orElseThrow(() -> new TimeoutException(this + ": not all " + parties
                + " parties came within " + timeout + "; it is broken now, and reset() opens it again")));
    }

    /** As in java.util.concurrent: one that is interrupted before it arrives will not come either. */
    private void breakIfInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            String id = MemberId.next(lease());
            waiting.briefly(changing(
                    (state, now) -> now.isOpen()
                            ? broken(state, now, id, ThisProcess.text() + " was interrupted")
                            : unchanged(state),
                    now -> now.members().contains(id)));
        }
    }

    private int index(Verdict verdict) throws BrokenBarrierException {
        if (verdict instanceof Verdict.Turn turn) {
            return passed(run(turn)).index();
        }
        return passed(verdict).index();
    }

    private Verdict run(Verdict.Turn turn) {
        try {
            runAction();
        } catch (RuntimeException | Error e) {
            try {
                Verdict unused = waiting.answer(failed(turn, e));
            } catch (RecipeException unconfirmed) {
                e.addSuppressed(unconfirmed);
            }
            throw e;
        }
        return waiting.answer(new Conclusion(this, turn, ""));
    }

    private Verdict.Passed passed(Verdict verdict) throws BrokenBarrierException {
        if (verdict instanceof Verdict.Passed passed) {
            return passed;
        }
        Verdict.Broken broken = (Verdict.Broken) verdict;
        throw new BrokenBarrierException(this + ": generation " + broken.generation() + " is broken: " + broken.why());
    }

    @Override
    public CompletableFuture<Integer> awaitAsync() {
        return arriveAsync(verdict -> {
            try {
                return CompletableFuture.completedFuture(passed(verdict).index());
            } catch (BrokenBarrierException e) {
                return CompletableFuture.failedFuture(e);
            }
        });
    }

    /** Comes; what follows from the verdict is never asked about a turn. */
    <R> CompletableFuture<R> arriveAsync(Function<Verdict, CompletableFuture<R>> then) {
        return waiting.awaitAsync(
                new Arrival(this),
                verdict -> verdict instanceof Verdict.Turn turn ? runAsync(turn, then) : then.apply(verdict));
    }

    private <R> CompletableFuture<R> runAsync(Verdict.Turn turn, Function<Verdict, CompletableFuture<R>> then) {
        try {
            runAction();
        } catch (RuntimeException | Error e) {
            return waiting.awaitAsync(failed(turn, e), verdict -> CompletableFuture.failedFuture(e));
        }
        return waiting.awaitAsync(new Conclusion(this, turn, ""), then);
    }

    private void runAction() {
        Objects.requireNonNull(action).run();
    }

    private Conclusion failed(Verdict.Turn turn, Throwable why) {
        return new Conclusion(this, turn, "the action failed at " + ThisProcess.text() + ": " + why);
    }

    @Override
    public void reset() {
        String id = MemberId.next(lease());
        boolean unused = waiting.answer(changing(
                (state, now) -> unchanged(state)
                        .put(keys.generation(), now.reset(id).text())
                        .deleteBelow(keys.members(now.number())),
                now -> now.members().contains(id)));
    }

    @Override
    public void delete() {
        boolean unused =
                waiting.answer(changing((state, now) -> unchanged(state).deleteBelow(name() + "/"), now -> false));
    }

    /** What is not there needs no change, and is done. */
    private Change<State> changing(BiFunction<State, Generation, Step> what, Predicate<Generation> done) {
        return new Change<>(
                rendezvous,
                making,
                state -> state.generation() == null ? unchanged(state) : what.apply(state, state.generation()),
                state -> state.generation() == null || done.test(state.generation()));
    }

    private Step unchanged(State state) {
        return Step.on(connection()).ifModified(keys.generation(), state.modified());
    }

    @Override
    public boolean isBroken() {
        Generation now = rendezvous.now().generation();
        return now != null && now.phase() == Generation.Phase.BROKEN;
    }

    @Override
    public int waiting() {
        return rendezvous.now().members().size();
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }
}
