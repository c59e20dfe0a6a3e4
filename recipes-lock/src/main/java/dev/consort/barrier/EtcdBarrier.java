/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.barrier.EtcdBarrier.State;
import dev.consort.core.Grant;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.internal.Acquirer;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.OwnerText;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.SessionEnd;
import dev.consort.core.internal.Wait;
import dev.consort.core.internal.Waiting;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The barrier on the claim queue, which one holds, and a view of it, by which others wait. Immutable. */
final class EtcdBarrier implements Barrier, Rendezvous.Recipe<State> {
    static final String RECIPE = "Barrier";

    private final EtcdSession session;
    private final ClaimSpec spec;
    private final Acquirer<Grant> acquirer;
    private final Rendezvous<State> rendezvous;
    private final Waiting<State> waiting;

    /** The claims, at a revision, in the order of the queue: the first holds it. */
    record State(long revision, List<Hold> holds) {}

    /** A claim, by its create revision. */
    record Hold(long created, long lease) {}

    EtcdBarrier(Session session, String name) {
        this.session = EtcdSession.of(session);
        // A claim for each hold: one that is handed on within a process would be one hold for those who wait.
        this.spec = new ClaimSpec(
                RECIPE, Names.checked(RECIPE, name, session), () -> OwnerText.of(this.session.now()), true);
        this.acquirer = new Acquirer<>(this.session, grant -> grant);
        this.rendezvous = new Rendezvous<>(this.session, RECIPE, name, this);
        this.waiting = new Waiting<>(rendezvous);
    }

    @Override
    public State read(Collection<Entry> entries, long revision) {
        return new State(
                revision,
                entries.stream()
                        .sorted(Comparator.comparingLong(Entry::createRevision))
                        .map(this::hold)
                        .toList());
    }

    private Hold hold(Entry entry) {
        if (!entry.key().toStringUtf8().equals(name() + "/" + Long.toHexString(entry.leaseId()))) {
            throw new RecipeException(
                    RECIPE,
                    name(),
                    "the key '" + entry.key().toStringUtf8() + "' is none of a barrier's"
                            + "; delete that key, or give the barrier a name that nobody else uses",
                    null);
        }
        return new Hold(entry.createRevision(), entry.leaseId());
    }

    /** Waits until the hold ends that it finds first. */
    private final class Opening extends Wait<State, Passage> {
        private Optional<Hold> hold = Optional.empty();
        private boolean asking;

        @Override
        protected boolean mayBeginStale() {
            return false;
        }

        @Override
        protected void look(State state) {
            if (hold.isEmpty()) {
                hold = state.holds().stream().findFirst();
                if (hold.isEmpty()) {
                    pass(Passage.WAS_OPEN);
                } else {
                    mustWait();
                }
            } else if (!asking && !state.holds().contains(hold.get())) {
                asking = true;
                SessionEnd.tell(
                        session,
                        hold.get().lease(),
                        state.revision(),
                        ended -> pass(ended ? Passage.HOLDER_LOST : Passage.RELEASED));
            }
        }
    }

    @Override
    public String name() {
        return spec.name();
    }

    @Override
    public Optional<Grant> tryHold() {
        return acquirer.tryAcquire(spec);
    }

    @Override
    public Optional<Grant> tryHold(Duration timeout) throws InterruptedException {
        return acquirer.tryAcquire(spec, timeout);
    }

    @Override
    public CompletableFuture<Grant> holdAsync() {
        return acquirer.acquireAsync(spec);
    }

    @Override
    public Passage await() throws InterruptedException {
        return waiting.await(new Opening());
    }

    @Override
    public Optional<Passage> await(Duration timeout) throws InterruptedException {
        return waiting.await(new Opening(), timeout);
    }

    @Override
    public CompletableFuture<Passage> awaitAsync() {
        return waiting.awaitAsync(new Opening());
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }
}
