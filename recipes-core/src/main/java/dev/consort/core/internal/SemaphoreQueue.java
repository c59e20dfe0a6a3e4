/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All in this process that want permits of one semaphore through one session, first come first served: a claim for each
 * grant, and one that waits. While permits are free several claims are made at once.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class SemaphoreQueue extends LocalQueue {
    /** Claims on their way at once, while permits are free. */
    private static final int MOST_AT_ONCE = 16;

    private final EtcdSession session;
    private final String name;
    private final String recipe;
    private final List<Place> places = new ArrayList<>(); // in the order in which they were made
    private final Deque<Waiter> waiters = new ArrayDeque<>();
    private boolean free; // as far as the last claim told
    private boolean advancing;

    SemaphoreQueue(EtcdSession session, String name, String recipe) {
        this.session = session;
        this.name = name;
        this.recipe = recipe;
    }

    static QueueKeys keys(EtcdSession session, String name, int place, int permits) {
        return QueueKeys.of(session.engine(), name, session.leaseId(), new SemaphoreRule(place, permits));
    }

    @Override
    public void enqueue(Waiter waiter) {
        if (waiter.immediate && places.stream().anyMatch(Place::waits)) {
            waiter.result.complete(Optional.empty());
            return;
        }
        waiters.add(waiter);
        advance();
    }

    @Override
    public void withdraw(Waiter waiter) {
        if (waiters.remove(waiter)) {
            waiter.result.complete(Optional.empty());
            advance();
        }
    }

    /** Grants what can be granted, in order, gives up what nobody wants, and asks for what is wanted. */
    private void advance() {
        if (advancing) {
            return; // by a claim that was told to go; the loop below sees it
        }
        advancing = true;
        while (grantFirst() || leaveUnwanted()) {}
        seek();
        advancing = false;
        if (waiters.isEmpty() && places.isEmpty()) {
            session.forget(keys(session, name, 0, 1));
        }
    }

    private boolean grantFirst() {
        Waiter first = waiters.peek();
        if (first == null || !session.isAlive()) {
            return false;
        }
        Optional<Place> granted = places.stream()
                .filter(place -> place.isOpenFor(first.spec.permits()))
                .findFirst();
        granted.ifPresent(place -> place.grant(waiters.remove()));
        return granted.isPresent();
    }

    private boolean leaveUnwanted() {
        Optional<Place> unwanted =
                places.stream().filter(place -> !place.isWanted()).findFirst();
        unwanted.ifPresent(place -> place.claim.release());
        return unwanted.isPresent();
    }

    private void seek() {
        Waiter first = waiters.peek();
        if (first == null || !session.isAlive() || places.stream().anyMatch(Place::waits)) {
            return;
        }
        if (first.immediate && places.stream().anyMatch(Place::isLeftOver)) {
            return; // who would not wait must not find what an attempt of this session leaves behind
        }
        long most = free ? Math.min(run(), MOST_AT_ONCE) : 1;
        long acquiring = places.stream().filter(Place::isAcquiring).count();
        for (Waiter waiter : waiters.stream()
                .skip(acquiring)
                .limit(most - Math.min(most, acquiring))
                .toList()) {
            Place place = new Place(unusedNumber(), first.spec.permits());
            places.add(place);
            place.claim.acquire(waiter.value());
        }
    }

    /** How many at the front want the same: which of their claims is granted first does not matter. */
    private int run() {
        int run = 0;
        int permits = 0;
        for (Waiter waiter : waiters) {
            if (run > 0 && waiter.spec.permits() != permits) {
                break;
            }
            permits = waiter.spec.permits();
            run++;
        }
        return run;
    }

    private int unusedNumber() {
        int number = 0;
        while (isUsed(number)) {
            number++;
        }
        return number;
    }

    private boolean isUsed(int number) {
        return places.stream().anyMatch(place -> place.number == number);
    }

    private void end(Predicate<Waiter> which, Consumer<Waiter> how) {
        List<Waiter> ended = waiters.stream().filter(which).toList();
        waiters.removeAll(ended);
        ended.forEach(how);
    }

    /** Nothing is free: of those that wait for nobody only as many may stay as claims are still on their way. */
    private void endImmediate() {
        long stay = places.stream().filter(Place::isAcquiring).count();
        Iterator<Waiter> each = List.copyOf(waiters).iterator();
        for (long i = 0; each.hasNext(); i++) {
            Waiter waiter = each.next();
            if (waiter.immediate && i >= stay) {
                waiters.remove(waiter);
                waiter.result.complete(Optional.empty());
            }
        }
    }

    /** One claim, and who holds by it. */
    private final class Place implements Claim.Owner, HandOvers.Others {
        private final int number;
        private final int permits;
        private final QueueKeys keys;
        private final Claim claim;
        private final HandOvers handOvers;
        private boolean open; // granted, for the next one
        private boolean hasWaited;
        private @Nullable EtcdGrant holder;
        private @Nullable CompletableFuture<Boolean> releasing;

        Place(int number, int permits) {
            this.number = number;
            this.permits = permits;
            this.keys = keys(session, name, number, permits);
            this.claim = new Claim(session, keys, recipe, this);
            this.handOvers = new HandOvers(session, this);
        }

        @Override
        public RangeRequest whoWaits() {
            return ClaimTxns.prefix(keys.prefix(), 0).build();
        }

        @Override
        public boolean othersWait(RangeResponse range) {
            List<QueuedClaim> inOrder = keys.inOrder(range);
            return inOrder.stream()
                    .skip(keys.rule().granted(inOrder))
                    .anyMatch(claim -> keys.rule().lease(claim).orElse(0) != session.leaseId());
        }

        boolean isAcquiring() {
            return claim.state() == Claim.State.ACQUIRING;
        }

        boolean waits() {
            return claim.state() == Claim.State.WAITING;
        }

        /** Being removed, and nobody held by it. */
        boolean isLeftOver() {
            return claim.state() == Claim.State.RELEASING && releasing == null;
        }

        boolean isOpenFor(int wanted) {
            return open && permits == wanted && claim.state() == Claim.State.HELD;
        }

        /** An acquisition is told by {@link #wanted()}. */
        boolean isWanted() {
            return switch (claim.state()) {
                case HELD -> holder != null;
                case WAITING -> isForFirst() && isFirstThatWaits();
                case NONE, ACQUIRING, PASSING, RELEASING -> true;
            };
        }

        private boolean isForFirst() {
            Waiter first = waiters.peek();
            return first != null && first.spec.permits() == permits;
        }

        private boolean isFirstThatWaits() {
            return places.stream()
                            .filter(Place::waits)
                            .min(Comparator.comparingLong(place -> place.claim.revision()))
                            .orElseThrow()
                    == this;
        }

        void grant(Waiter waiter) {
            open = false;
            FencingToken token = new FencingToken(claim.revision(), handOvers.next());
            EtcdGrant grant = new EtcdGrant(session, SemaphoreQueue.this, waiter.spec, token, claim.conditions());
            holder = grant;
            waiter.result.complete(Optional.of(grant));
        }

        CompletableFuture<Boolean> close(boolean clean) {
            holder = null;
            if (clean && isForFirst() && session.stateNow() == SessionState.ACTIVE && handOvers.mayGoOn(sameClaim())) {
                open = true;
                advance();
                return CompletableFuture.completedFuture(true);
            }
            CompletableFuture<Boolean> released = new CompletableFuture<>();
            releasing = released;
            claim.release();
            return released;
        }

        private BooleanSupplier sameClaim() {
            long held = claim.revision();
            return () -> claim.state() == Claim.State.HELD && claim.revision() == held;
        }

        @Override
        public boolean wanted() {
            long before = places.stream()
                    .takeWhile(place -> place != this)
                    .filter(Place::isAcquiring)
                    .count();
            return isForFirst() && before < run();
        }

        @Override
        public void waiting() {
            free = false;
            hasWaited = true;
            endImmediate();
            advance();
        }

        @Override
        public void granted() {
            free |= !hasWaited;
            handOvers.begin(claim.hasFollowing());
            open = true;
            advance();
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

        @Nullable
        EtcdGrant loseHolder() {
            EtcdGrant losing = holder;
            holder = null;
            if (losing != null) {
                losing.lose();
            }
            return losing;
        }

        @Override
        public void refused(RecipeException why) {
            end(waiter -> waiter.spec.permits() == permits, waiter -> waiter.result.completeExceptionally(why));
            if (releasing != null) {
                releasing.completeExceptionally(why);
                releasing = null;
            }
        }

        @Override
        public void removed(boolean byUs) {
            CompletableFuture<Boolean> told = releasing;
            releasing = null;
            places.remove(this);
            advance();
            if (told != null) {
                told.complete(byUs); // by now the name is free for whoever it was that waited for this
            }
        }

        void ended(boolean byUs) {
            if (releasing != null) {
                releasing.complete(byUs);
                releasing = null;
            }
        }
    }

    // What the session tells

    @Override
    public void onMessage(Message message) {
        boolean known = false;
        for (Place place : List.copyOf(places)) {
            known |= place.claim.onMessage(message);
        }
        if (!known) {
            session.releasedLately(name).forEach(keys -> removeGhost(keys, message.revision()));
        }
    }

    /** A guard by the create revision makes it harmless for a claim of another place. */
    @Override
    public void removeGhost(QueueKeys keys, long revision) {
        if (keys.rule() instanceof SemaphoreRule rule && places.stream().noneMatch(place -> place.keys.equals(keys))) {
            Place place = new Place(rule.place(), rule.permits());
            places.add(place);
            place.claim.removeGhost(revision);
        }
    }

    @Override
    public void recheck() {
        List.copyOf(places).forEach(place -> place.claim.recheck());
    }

    @Override
    public CompletableFuture<Boolean> close(EtcdGrant grant, boolean clean) {
        return places.stream()
                .filter(place -> place.holder == grant)
                .findFirst()
                .map(place -> place.close(clean))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
    }

    /** There is nothing else to be had here. */
    @Override
    public CompletableFuture<Optional<EtcdGrant>> exchange(EtcdGrant grant, ClaimSpec other) {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    @Override
    public CompletableFuture<Boolean> rewrite(EtcdGrant grant, ByteString value) {
        throw new IllegalStateException(name + " is no election");
    }

    @Override
    public void sessionEnded(LossReason reason) {
        for (Place place : places) {
            place.claim.sessionEnded();
            EtcdGrant losing = place.loseHolder();
            if (losing != null) {
                losing.tellLost(reason);
            }
            // Closing the session revokes the lease, which frees it; a lost session has lost it.
            place.ended(reason == LossReason.CLOSED);
        }
        end(
                waiter -> true,
                waiter -> waiter.result.completeExceptionally(
                        new SessionLostException(waiter.spec.recipe(), waiter.spec.name(), reason)));
    }
}
