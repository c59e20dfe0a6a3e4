/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.ClaimRule.Verdict;
import io.etcd.jetcd.api.KeyValue;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Claims in several queues that are made in one transaction, and removed in one: granted when each of them is.
 *
 * <p>Two such can never wait for each other: all claims of one have the same create revision, so they stand in the same
 * order in every queue that they share. In this process it first becomes the first of all its queues, in which it stood
 * at one moment, and has nothing in etcd meanwhile; nor does it inherit a claim, which would have another revision than the
 * others. So a claim in etcd waits for claims of lesser revision only, and a local waiter for those that came before it.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class MultiClaim implements Acquisition.Owner, Grantor {
    private enum State {
        /** Not the first of all its queues here; nothing in etcd. To ACQUIRING, OVER. */
        SEATED,
        /** Whether the keys were put is not known yet. To CLAIMED, SWEEPING, OVER. */
        ACQUIRING,
        /** Keys of earlier claims of ours were in the way, and are being removed. To SEATED. */
        SWEEPING,
        /** The keys were put: waiting, or granted. To RELEASING. */
        CLAIMED,
        /** The removal of the keys is not confirmed yet. To SEATED, OVER. */
        RELEASING,
        OVER
    }

    private static final Duration TRY_AGAIN_AFTER = Duration.ofSeconds(1);

    private final EtcdSession session;
    private final Waiter waiter;
    private final List<Part> parts;
    private final List<QueueKeys> queues;
    private final MultiBaton baton;
    private final Runnable over;

    private State state = State.SEATED;
    private boolean advancing;
    private boolean explaining; // why a claim is gone
    private @Nullable Acquisition acquisition;
    private long revision;
    private @Nullable EtcdGrant grant;
    private boolean lost;
    private @Nullable CompletableFuture<Boolean> releasing;

    MultiClaim(EtcdSession session, Waiter waiter, List<ExclusiveQueue> localQueues, Runnable over) {
        this.session = session;
        this.waiter = waiter;
        this.parts = localQueues.stream().map(Part::new).toList();
        this.queues = localQueues.stream().map(ExclusiveQueue::keys).toList();
        this.baton = new MultiBaton(session, queues);
        this.over = over;
    }

    /** One of the claims, and the place in the local queue that is kept for it. */
    private final class Part implements Seat, Claim.Owner {
        private final ExclusiveQueue queue;
        private final Waiter seat;
        private final Claim claim;

        Part(ExclusiveQueue queue) {
            this.queue = queue;
            this.seat = Waiter.seated(waiter.spec, this);
            this.claim = new Claim(session, queue.keys(), waiter.spec.recipe(), this, MultiClaim.this::advance);
        }

        void sitDown() {
            queue.enqueue(seat);
            Completion.of(seat.result, (nothing, failure) -> {
                if (failure != null) {
                    fail(failure);
                    advance();
                }
            });
        }

        boolean isFirst() {
            return queue.isFirst(seat);
        }

        @Override
        public void first() {
            advance();
        }

        @Override
        public boolean isClaimed() {
            return state != State.SEATED;
        }

        @Override
        public boolean onMessage(Message message) {
            return isClaimed() && (claim.onMessage(message) || claim.state() != Claim.State.NONE);
        }

        @Override
        public void recheck() {
            claim.recheck();
        }

        @Override
        public boolean wanted() {
            return isWanted();
        }

        @Override
        public void waiting() {
            if (waiter.immediate) {
                waiter.result.complete(Optional.empty());
            }
            advance();
        }

        @Override
        public void granted() {
            advance();
        }

        @Override
        public void followed() {}

        @Override
        public void lost() {
            lose();
        }

        @Override
        public void refused(RecipeException why) {
            fail(why);
        }

        @Override
        public void removed(boolean byUs) {
            advance();
        }
    }

    /** Takes its place in all queues of this process: at one moment, so that any two stand alike in those they share. */
    void start() {
        if (waiter.immediate && parts.stream().anyMatch(part -> part.queue.isBusy())) {
            waiter.result.complete(Optional.empty());
            over.run();
            parts.forEach(part -> part.queue.forgetIfIdle());
        } else {
            parts.forEach(Part::sitDown);
        }
    }

    /** One that was granted meanwhile keeps its grant. */
    void withdraw() {
        waiter.result.complete(Optional.empty());
        advance();
    }

    private boolean isWanted() {
        return !waiter.result.isDone();
    }

    private void fail(Throwable why) {
        waiter.result.completeExceptionally(why);
        if (releasing != null) {
            releasing.completeExceptionally(why);
        }
    }

    private void advance() {
        if (advancing) {
            return; // by one of the claims that are told something; all of them are looked at afterwards
        }
        switch (state) {
            case SEATED -> {
                if (!isWanted()) {
                    end();
                } else if (!explaining && parts.stream().allMatch(Part::isFirst)) {
                    acquire();
                }
            }
            case SWEEPING -> {
                if (all(Claim.State.NONE)) {
                    state = State.SEATED;
                    advance();
                }
            }
            case CLAIMED -> {
                boolean complete = parts.stream().noneMatch(part -> part.claim.state() == Claim.State.NONE);
                if (!complete || (grant == null && !isWanted())) {
                    releaseAll();
                } else if (grant == null && all(Claim.State.HELD) && session.isAlive()) {
                    grant();
                }
            }
            case ACQUIRING, RELEASING, OVER -> {}
        }
    }

    private boolean all(Claim.State wanted) {
        return parts.stream().allMatch(part -> part.claim.state() == wanted);
    }

    /** Tells several claims something, which between the first and the last are in no state to be looked at. */
    private void tellClaims(Runnable telling) {
        advancing = true;
        telling.run();
        advancing = false;
        advance();
    }

    // ACQUIRE

    private void acquire() {
        state = State.ACQUIRING;
        ByteString value = waiter.value();
        parts.forEach(part -> part.claim.acquireWithOthers(value));
        acquisition =
                new Acquisition(session, queues, waiter.spec.recipe(), waiter.spec.name(), value, List.of(), this);
        acquisition.start();
    }

    @Override
    public boolean wanted() {
        return isWanted();
    }

    @Override
    public void stuck(RecipeException why) {
        fail(why);
    }

    @Override
    public void made(long newRevision, List<Verdict> verdicts) {
        claimed(newRevision);
        tellClaims(() -> {
            for (int i = 0; i < parts.size(); i++) {
                parts.get(i).claim.made(newRevision, verdicts.get(i));
            }
        });
    }

    /** (!) Only all of them, of one revision, can be of one transaction: any others are ghosts. */
    @Override
    public void found(List<KeyValue> mine) {
        long first = mine.get(0).getCreateRevision();
        if (mine.size() == parts.size() && mine.stream().allMatch(kv -> kv.getCreateRevision() == first)) {
            claimed(first);
            tellClaims(() -> {
                for (int i = 0; i < parts.size(); i++) {
                    parts.get(i).claim.found(mine.get(i));
                }
            });
        } else {
            acquisition = null;
            state = State.SWEEPING;
            tellClaims(() -> parts.forEach(part -> sweep(part, mine)));
        }
    }

    private static void sweep(Part part, List<KeyValue> mine) {
        mine.stream()
                .filter(kv -> kv.getKey().equals(part.queue.keys().own()))
                .findFirst()
                .ifPresentOrElse(kv -> part.claim.removeGhost(kv.getCreateRevision()), part.claim::notMade);
    }

    private void claimed(long newRevision) {
        acquisition = null;
        state = State.CLAIMED;
        revision = newRevision;
    }

    @Override
    public void notMade() {
        notClaimed(Claim::notMade);
    }

    @Override
    public void refused(RecipeException why) {
        notClaimed(claim -> claim.refused(why));
    }

    private void notClaimed(Consumer<Claim> telling) {
        acquisition = null;
        state = State.SEATED;
        tellClaims(() -> parts.forEach(part -> telling.accept(part.claim)));
    }

    // HELD

    private void grant() {
        long of = revision;
        EtcdGrant granted = new EtcdGrant(
                session,
                this,
                waiter.spec,
                new FencingToken(of, 0),
                all -> queues.stream()
                        .map(keys -> ClaimTxns.modIs(keys.own(), of))
                        .toList());
        grant = granted;
        waiter.result.complete(Optional.of(granted));
    }

    /** One of the claims was removed by somebody else. */
    private void lose() {
        EtcdGrant losing = grant;
        if (lost) {
            return;
        }
        lost = true;
        if (losing != null) {
            losing.lose();
            session.whyRemoved(losing::tellLost);
        } else {
            explaining = true;
            session.whyRemoved(reason -> {
                explaining = false;
                fail(
                        reason == LossReason.CLAIM_REMOVED
                                ? waiter.spec.failure("another client deleted or overwrote one of its keys while it"
                                        + " waited for the others; acquire again if it is still wanted")
                                : new SessionLostException(waiter.spec.recipe(), waiter.spec.name(), reason));
                advance();
            });
        }
    }

    @Override
    public void recheck() {
        parts.forEach(Part::recheck);
    }

    @Override
    public CompletableFuture<Boolean> rewrite(EtcdGrant of, ByteString value) {
        throw new IllegalStateException(waiter.spec.name() + " is no election");
    }

    // RELEASE

    /** Nothing is ever handed on here: a copy of a guarded write cannot land under another grant. */
    @Override
    public CompletableFuture<Boolean> close(EtcdGrant closing, boolean clean) {
        if (state != State.CLAIMED) {
            return CompletableFuture.completedFuture(false);
        }
        CompletableFuture<Boolean> released = new CompletableFuture<>();
        releasing = released;
        releaseAll();
        return released;
    }

    /** Also (!) of those that wait, and of those that wait with one that is gone. */
    private void releaseAll() {
        state = State.RELEASING;
        Predicate<Claim> exists = claim -> claim.state() != Claim.State.NONE;
        parts.stream().map(part -> part.claim).filter(exists).forEach(Claim::release);
        remove();
    }

    private void remove() {
        session.onAnswer(baton.release(revision), (wereOurs, failure) -> {
            if (state != State.RELEASING) {
                return;
            }
            if (failure != null) {
                session.after(TRY_AGAIN_AFTER, () -> {
                    if (state == State.RELEASING) {
                        remove();
                    }
                });
                fail(failure.toException(waiter.spec.recipe(), waiter.spec.name()));
                return;
            }
            state = State.SEATED;
            if (releasing != null) {
                releasing.complete(wereOurs);
            }
            tellClaims(() -> parts.forEach(part -> part.claim.removedWithOthers(wereOurs)));
        });
    }

    private void end() {
        state = State.OVER;
        over.run();
        parts.forEach(part -> part.queue.withdraw(part.seat));
    }

    void sessionEnded(LossReason reason) {
        state = State.OVER;
        if (acquisition != null) {
            acquisition.stop();
        }
        parts.forEach(part -> part.claim.sessionEnded());
        if (grant != null) {
            grant.lose();
            grant.tellLost(reason);
        }
        waiter.result.completeExceptionally(new SessionLostException(waiter.spec.recipe(), waiter.spec.name(), reason));
        if (releasing != null) {
            // Closing the session revokes the lease, which frees it; a lost session has lost it.
            releasing.complete(reason == LossReason.CLOSED);
        }
    }
}
