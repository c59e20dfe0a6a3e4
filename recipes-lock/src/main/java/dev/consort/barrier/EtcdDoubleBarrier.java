/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.barrier.DoubleKeys.Round;
import dev.consort.barrier.DoubleKeys.State;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.Wait;
import dev.consort.core.internal.Waiting;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The double barrier on one durable key and a leased one for each member.
 *
 * <p>Concurrency: {@link #making} is confined to the rendezvous's serializer; the rest is immutable.
 */
final class EtcdDoubleBarrier implements DoubleBarrier, Rendezvous.Recipe<State> {
    static final String RECIPE = "DoubleBarrier";

    private static final Logger log = LoggerFactory.getLogger(EtcdDoubleBarrier.class);

    private final EtcdSession session;
    private final DoubleKeys keys;
    private final int members;
    private final Rendezvous<State> rendezvous;
    private final Waiting<State> waiting;
    private final Making making;

    EtcdDoubleBarrier(Session session, String name, int members) {
        this.session = EtcdSession.of(session);
        this.keys = new DoubleKeys(Names.checked(RECIPE, name, session));
        this.members = Parties.checked(RECIPE, name, members);
        this.rendezvous = new Rendezvous<>(this.session, RECIPE, name, this);
        this.waiting = new Waiting<>(rendezvous);
        this.making = new Making(
                rendezvous,
                () -> Step.on(connection())
                        .ifCreated(keys.round(), 0)
                        .put(keys.round(), Round.none(members).text()));
    }

    // For its waits

    EtcdConnection connection() {
        return rendezvous.connection();
    }

    DoubleKeys keys() {
        return keys;
    }

    long lease() {
        return session.leaseId();
    }

    void join(Wait<State, ?> wait) {
        rendezvous.join(wait);
    }

    void take(Step step, Consumer<Step.Answer> then, Consumer<RecipeException> otherwise) {
        rendezvous.take(step, then, otherwise);
    }

    /** A key of the session is gone; if it went with the lease, all who wait are told that by the session. */
    void whyRemoved(Runnable whenItWentAlone) {
        session.whyRemoved(reason -> {
            if (reason == LossReason.CLAIM_REMOVED) {
                whenItWentAlone.run();
            }
        });
    }

    /** Puts the durable key; who waits goes on when the view shows it. */
    void make() {
        making.begin();
    }

    /** Whether that is under way; then it is told when it has been answered. */
    boolean isBeingMade(Runnable whenAnswered) {
        return making.isUnderWay(whenAnswered);
    }

    RecipeException failure(String what) {
        return new RecipeException(RECIPE, name(), what, null);
    }

    RecipeException otherSize(int that) {
        return failure("this process states " + members + " members, but the barrier in etcd has " + that
                + "; state the same number everywhere, or delete() the barrier with that number first");
    }

    @Override
    public State read(Collection<Entry> entries, long revision) {
        return keys.read(entries);
    }

    // DoubleBarrier

    @Override
    public String name() {
        return keys.name();
    }

    @Override
    public int members() {
        return members;
    }

    @Override
    public Stay enter() throws InterruptedException {
        return new EtcdStay(waiting.await(new Entering(this)));
    }

    @Override
    public Optional<Stay> enter(Duration timeout) throws InterruptedException {
        return waiting.await(new Entering(this), timeout).map(EtcdStay::new);
    }

    @Override
    public CompletableFuture<Stay> enterAsync() {
        return waiting.awaitAsync(
                new Entering(this), inside -> CompletableFuture.completedFuture(new EtcdStay(inside)));
    }

    @Override
    public void delete() {
        boolean unused = waiting.answer(new Change<>(
                rendezvous,
                making,
                state -> {
                    Step unchanged = Step.on(connection()).ifModified(keys.round(), state.modified());
                    return state.round() == null ? unchanged : unchanged.deleteBelow(name() + "/");
                },
                state -> state.round() == null));
    }

    @Override
    public int inside() {
        return rendezvous.now().inside().size();
    }

    @Override
    public int waiting() {
        return rendezvous.now().waiting().size();
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }

    /** Being inside. Immutable. */
    private final class EtcdStay implements Stay {
        private final Entering.Inside inside;

        EtcdStay(Entering.Inside inside) {
            this.inside = inside;
        }

        @Override
        public long round() {
            return inside.round();
        }

        @Override
        public void leave() throws InterruptedException {
            boolean unused = waiting.await(leaving(true));
        }

        @Override
        public boolean leave(Duration timeout) throws InterruptedException {
            return waiting.await(leaving(true), timeout).isPresent();
        }

        @Override
        public CompletableFuture<Void> leaveAsync() {
            return waiting.awaitAsync(leaving(true), left -> CompletableFuture.allOf());
        }

        @Override
        public void close() {
            try {
                boolean unused = waiting.answer(leaving(false));
            } catch (RecipeException e) {
                log.warn("{}: round {} not left cleanly", EtcdDoubleBarrier.this, inside.round(), e);
            }
        }

        private Leaving leaving(boolean waits) {
            return new Leaving(EtcdDoubleBarrier.this, inside, waits);
        }

        @Override
        public String toString() {
            return "Stay in round " + inside.round() + " of " + EtcdDoubleBarrier.this;
        }
    }
}
