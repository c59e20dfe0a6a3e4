/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All in this process that want one name through one session: a queue, fair among those of one priority, in front of a
 * single claim. A hand-over between them costs no request, until others wait and the limit is reached.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class ExclusiveQueue extends LocalQueue implements Claim.Owner, HandOvers.Others, EtcdGrant.Conditions {
    private static final Deque<Waiter> NOBODY = new ArrayDeque<>(0); // to which nobody is added

    private final EtcdSession session;
    private final QueueKeys keys;
    private final Claim claim;
    private final HandOvers handOvers;
    private Deque<Waiter> waiters = NOBODY; // mostly one, or none any more, and there are many queues

    private @Nullable Overtaking overtaking; // once somebody has a priority, or steps back
    private @Nullable EtcdGrant holder;
    private @Nullable CompletableFuture<Boolean> rewriting; // the last one under way
    private @Nullable Waiter rewritingFor;
    private @Nullable CompletableFuture<Boolean> releasing;

    ExclusiveQueue(EtcdSession session, QueueKeys keys, String recipe) {
        this.session = session;
        this.keys = keys;
        this.claim = new Claim(session, keys, recipe, this);
        this.handOvers = new HandOvers(session, this);
    }

    @Override
    public void enqueue(Waiter waiter) {
        if (waiter.immediate && isBusy()) {
            waiter.result.complete(Optional.empty());
            return;
        }
        lineUp(waiter);
        advance();
        overtake();
    }

    /** Behind all of its priority, in front of those of a lower one. */
    private void lineUp(Waiter waiter) {
        if (waiters == NOBODY) {
            waiters = new ArrayDeque<>(1);
        }
        Deque<Waiter> behind = new ArrayDeque<>(0);
        while (!waiters.isEmpty() && waiters.getLast().yieldsTo(waiter)) {
            behind.addFirst(waiters.removeLast());
        }
        waiters.add(waiter);
        waiters.addAll(behind);
    }

    /** That of the claim: of those for whom it is, which ends at a seat, the first one has the highest. */
    private int priority() {
        Waiter first = waiters.peek();
        return first == null ? 0 : first.spec.priority();
    }

    private void overtake() {
        if (claim.state() == Claim.State.WAITING) {
            int priority = priority();
            if (overtaking != null || priority > 0) {
                overtaking().look(priority);
            }
        }
    }

    private Overtaking overtaking() {
        Overtaking known = overtaking;
        if (known == null) {
            known = new Overtaking(session, keys, claim);
            overtaking = known;
        }
        return known;
    }

    QueueKeys keys() {
        return keys;
    }

    /** Whether somebody here holds it, or somebody waits for it as far as is known. */
    boolean isBusy() {
        return holder != null || !waiters.isEmpty() || claim.state() == Claim.State.WAITING;
    }

    /** Whether a waiter is the first, and no claim of this queue is left in etcd. */
    boolean isFirst(Waiter waiter) {
        return waiters.peek() == waiter && claim.state() == Claim.State.NONE;
    }

    /** Made for somebody who has not stayed. */
    void forgetIfIdle() {
        advance();
    }

    /** The seat that keeps this queue, if that is first. */
    private @Nullable Seat seat() {
        Waiter first = waiters.peek();
        return first == null ? null : first.seat;
    }

    @Override
    public void withdraw(Waiter waiter) {
        if (waiters.remove(waiter)) {
            waiter.result.complete(Optional.empty());
            advance();
        }
    }

    private void advance() {
        switch (claim.state()) {
            case NONE -> {
                Seat seat = seat();
                if (waiters.isEmpty()) {
                    session.forget(keys);
                } else if (seat != null) {
                    seat.first();
                } else {
                    claim.acquire(waiters.getFirst().value());
                }
            }
            case WAITING -> {
                if (!wanted()) {
                    claim.release();
                }
            }
            case HELD -> {
                if (holder == null) {
                    grantNext();
                }
            }
            case ACQUIRING, PASSING, RELEASING -> {} // goes on when that is answered
        }
    }

    private void grantNext() {
        Waiter next = waiters.peek();
        if (next == null) {
            claim.release();
        } else if (!session.isAlive()) {
            return; // the session is about to tell it
        } else if (next.seat != null) {
            claim.release(); // (!) a seat inherits none: its own are all made in one transaction
        } else if (next.spec.term() && (rewriting != null || !claim.holds(next.value()))) {
            rewriteFor(next);
        } else if (!next.spec.term() && claim.isRewritten()) {
            // A mutex's guard compares the mod revision, which an election of the same name has moved.
            claim.release();
        } else {
            waiters.remove();
            waiters = waiters.isEmpty() ? NOBODY : waiters;
            if (!next.spec.term()) {
                claim.valueStays();
            }
            FencingToken token = new FencingToken(claim.revision(), handOvers.next());
            holder = new EtcdGrant(session, this, next.spec, token, this);
            next.result.complete(Optional.of(holder));
        }
    }

    /**
     * The claim was made for another candidate, who has withdrawn or is of a lower priority: its key must carry the winner's
     * value first. (!) Also when it was the winner's, and another one's is being put.
     */
    private void rewriteFor(Waiter next) {
        if (rewriting != null && next.equals(rewritingFor)) {
            return;
        }
        long of = claim.revision();
        CompletableFuture<Boolean> rewrite = claim.rewrite(next.value());
        rewriting = rewrite;
        rewritingFor = next;
        Completion.of(rewrite, (ours, failure) -> {
            if (rewrite != rewriting) {
                return; // a later one is waited for
            }
            rewriting = null;
            rewritingFor = null;
            if (claim.state() != Claim.State.HELD || claim.revision() != of) {
                return; // whoever waits goes on with the next claim
            }
            if (failure instanceof RecipeException why) {
                refuseAll(why);
                claim.release();
            } else if (Boolean.TRUE.equals(ours)) {
                advance();
            }
        });
    }

    @Override
    public CompletableFuture<Boolean> close(EtcdGrant grant, boolean clean) {
        if (grant != holder) {
            return CompletableFuture.completedFuture(false);
        }
        holder = null;
        if (clean && mayHandOver(grant)) {
            grantNext();
            return CompletableFuture.completedFuture(true);
        }
        CompletableFuture<Boolean> released = new CompletableFuture<>();
        releasing = released;
        claim.release();
        return released;
    }

    @Override
    public CompletableFuture<Boolean> passOn(EtcdGrant grant, QueuedClaim chosen, List<QueuedClaim> next) {
        if (grant != holder) {
            return CompletableFuture.completedFuture(false);
        }
        return claim.passOn(chosen, next).thenApply(passed -> {
            if (passed) {
                holder = null;
            }
            return passed;
        });
    }

    /** What is never rewritten is guarded by its mod revision, which an overwrite changes; an election's is. */
    @Override
    public List<Compare> whileHeld(EtcdGrant grant) {
        long revision = grant.token().revision();
        return List.of(
                grant.spec().term() ? ClaimTxns.createIs(keys.own(), revision) : ClaimTxns.modIs(keys.own(), revision));
    }

    @Override
    public RangeRequest whoWaits() {
        return ClaimTxns.prefix(keys.prefix(), 1).setCountOnly(true).build();
    }

    @Override
    public boolean othersWait(RangeResponse answer) {
        return answer.getCount() > 1;
    }

    private boolean mayHandOver(EtcdGrant grant) {
        Waiter next = waiters.peek();
        return next != null
                && next.seat == null
                && !grant.spec().term()
                && !next.spec.term()
                && session.stateNow() == SessionState.ACTIVE
                && handOvers.mayGoOn(sameClaim());
    }

    private BooleanSupplier sameClaim() {
        long held = claim.revision();
        return () -> claim.state() == Claim.State.HELD && claim.revision() == held;
    }

    // What the claim tells

    @Override
    public boolean wanted() {
        return !waiters.isEmpty() && seat() == null;
    }

    @Override
    public void waiting() {
        end(waiter -> waiter.immediate, waiter -> waiter.result.complete(Optional.empty()));
        advance();
        overtake();
    }

    @Override
    public void stillWaiting() {
        overtake();
    }

    /** For those who wait here a new claim is made when this one is gone. */
    @Override
    public boolean stepsBack(Message.Request request) {
        if (!wanted() || priority() >= request.below()) {
            return false;
        }
        if (request.isTransfer()) {
            overtaking().spare(request.behind());
        }
        return true;
    }

    @Override
    public void granted() {
        rewriting = null; // of a claim before
        handOvers.begin(claim.hasFollowing());
        grantNext();
    }

    @Override
    public void followed() {
        handOvers.followed();
    }

    @Override
    public void lost() {
        EtcdGrant losing = loseHolder();
        if (losing != null) {
            session.whyRemoved(losing::tellLost);
        }
    }

    @Override
    public void refused(RecipeException why) {
        refuseAll(why);
        if (releasing != null) {
            releasing.completeExceptionally(why);
            releasing = null;
        }
    }

    @Override
    public void removed(boolean byUs) {
        CompletableFuture<Boolean> told = releasing;
        releasing = null;
        advance();
        if (told != null) {
            told.complete(byUs); // by now the name is free for whoever it was that waited for this
        }
    }

    private void refuseAll(RecipeException why) {
        end(waiter -> true, waiter -> waiter.result.completeExceptionally(why));
    }

    private void end(Predicate<Waiter> which, Consumer<Waiter> how) {
        List<Waiter> ended = waiters.stream().filter(which).toList();
        waiters.removeAll(ended);
        ended.forEach(how);
    }

    private @Nullable EtcdGrant loseHolder() {
        EtcdGrant losing = holder;
        holder = null;
        if (losing != null) {
            losing.lose();
        }
        return losing;
    }

    // What the session tells

    @Override
    public void onMessage(Message message) {
        Seat seat = seat();
        if (seat != null && seat.onMessage(message)) {
            return;
        }
        if (!claim.onMessage(message) && claim.state() == Claim.State.NONE) {
            claim.removeGhost(message.revision());
        }
    }

    @Override
    public void removeGhost(QueueKeys ofOurs, long revision) {
        Seat seat = seat();
        if (seat != null && seat.isClaimed()) {
            return; // (!) it is the claim that was made from that seat
        }
        if (claim.state() == Claim.State.NONE) {
            claim.removeGhost(revision);
        }
    }

    @Override
    public void recheck() {
        claim.recheck();
        Seat seat = seat();
        if (seat != null) {
            seat.recheck();
        }
    }

    @Override
    public CompletableFuture<Boolean> rewrite(EtcdGrant grant, ByteString value) {
        return grant == holder ? claim.rewrite(value) : CompletableFuture.completedFuture(false);
    }

    @Override
    public void sessionEnded(LossReason reason) {
        claim.sessionEnded();
        EtcdGrant losing = loseHolder();
        if (losing != null) {
            losing.tellLost(reason);
        }
        end(
                waiter -> true,
                waiter -> waiter.result.completeExceptionally(
                        new SessionLostException(waiter.spec.recipe(), waiter.spec.name(), reason)));
        if (releasing != null) {
            // Closing the session revokes the lease, which frees it; a lost session has lost it.
            releasing.complete(reason == LossReason.CLOSED);
            releasing = null;
        }
    }
}
