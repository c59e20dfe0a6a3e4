/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import dev.consort.core.internal.ClaimSpec.Mode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Readers and writers of this process, first come first served, in front of two claims: one that its readers share, and
 * one that its writers hand on. A reader behind a writer of this process waits for it, so that the two claims of a
 * session are never both sought out of order.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class ReadWriteQueue extends LocalQueue {
    private final EtcdSession session;
    private final String name;
    private final Side readers;
    private final Side writers;
    private final Deque<Waiter> waiters = new ArrayDeque<>();
    private boolean advancing;
    private @Nullable Upgrade upgrade;

    /** A reader that is to be a writer, if it is the only one in the queue. */
    private record Upgrade(EtcdGrant from, Waiter waiter) {}

    ReadWriteQueue(EtcdSession session, QueueKeys read, QueueKeys write, String recipe) {
        this.session = session;
        this.name = read.name();
        ByteString writes = read.prefix().concat(ReadWriteRule.WRITE.kind());
        this.readers = new Side(Mode.READ, read, recipe, new HandOvers(session, HandOvers.Others.in(writes, 0)));
        this.writers =
                new Side(Mode.WRITE, write, recipe, new HandOvers(session, HandOvers.Others.in(write.prefix(), 1)));
    }

    @Override
    public void enqueue(Waiter waiter) {
        if (waiter.immediate && !mayBeFree(waiter)) {
            waiter.result.complete(Optional.empty());
            return;
        }
        waiters.add(waiter);
        advance();
    }

    private boolean mayBeFree(Waiter waiter) {
        boolean reads = waiter.spec.mode() == Mode.READ;
        boolean nobodyBefore = waiters.stream().allMatch(before -> reads && before.spec.mode() == Mode.READ);
        return nobodyBefore
                && (writers.isLeft() || (reads && writers.kept))
                && (reads ? readers.mayBeEntered() : readers.isLeft());
    }

    @Override
    public void withdraw(Waiter waiter) {
        if (waiters.remove(waiter)) {
            waiter.result.complete(Optional.empty());
            advance();
        }
    }

    /** Grants what can be granted, in order, and asks for the claim of the first who has to wait. */
    private void advance() {
        if (advancing) {
            return; // by a claim that was told to go; the loop below sees it
        }
        advancing = true;
        boolean changed = true;
        while (changed) {
            changed = false;
            Waiter first = waiters.peek();
            if (first != null && session.isAlive()) {
                changed = sideOf(first).admit(first);
            }
            readers.leaveIfUnwanted();
            writers.leaveIfUnwanted();
        }
        advancing = false;
        if (waiters.isEmpty() && readers.isIdle() && writers.isIdle()) {
            session.forget(readers.keys);
        }
    }

    private Side sideOf(Waiter waiter) {
        return waiter.spec.mode() == Mode.READ ? readers : writers;
    }

    private @Nullable Mode modeOfFirst() {
        Waiter first = waiters.peek();
        return first == null ? null : first.spec.mode();
    }

    private void end(Predicate<Waiter> which, Consumer<Waiter> how) {
        List<Waiter> ended = waiters.stream().filter(which).toList();
        waiters.removeAll(ended);
        ended.forEach(how);
    }

    /** One claim, and those in this process who hold by it. */
    private final class Side implements Claim.Owner {
        private final Mode mode;
        private final QueueKeys keys;
        private final Claim claim;
        private final HandOvers handOvers;
        private final Set<EtcdGrant> holders = new LinkedHashSet<>();
        private boolean fresh; // granted, and nobody holds by it yet
        private boolean closed; // to newcomers: a copy of a guarded write may still land
        private boolean kept; // by a writer that has become a reader
        private @Nullable CompletableFuture<Boolean> releasing;

        Side(Mode mode, QueueKeys keys, String recipe, HandOvers handOvers) {
            this.mode = mode;
            this.keys = keys;
            this.claim = new Claim(session, keys, recipe, this);
            this.handOvers = handOvers;
        }

        boolean isIdle() {
            return claim.state() == Claim.State.NONE;
        }

        /** Nobody holds by it, or will. */
        boolean isLeft() {
            return isIdle() || isLeaving();
        }

        boolean isLeaving() {
            return claim.state() == Claim.State.RELEASING;
        }

        boolean isWaiting() {
            return claim.state() == Claim.State.WAITING;
        }

        boolean letReadersIn() {
            return isIdle() || kept;
        }

        boolean mayBeEntered() {
            return switch (claim.state()) {
                case NONE, ACQUIRING, PASSING, RELEASING -> true;
                case HELD -> mayJoin();
                case WAITING -> false;
            };
        }

        /** Whether it was granted, so that the next one is first. */
        boolean admit(Waiter first) {
            switch (claim.state()) {
                case NONE -> {
                    // Who would not wait must not find what another one of this session leaves behind.
                    boolean clear = !first.immediate || !(mode == Mode.READ ? writers : readers).isLeaving();
                    if (clear && upgrade == null && (mode == Mode.WRITE || writers.letReadersIn())) {
                        claim.acquire(first.value());
                    }
                    return false;
                }
                case HELD -> {
                    if (!mayJoin()) {
                        return false;
                    }
                    grant(first);
                    return true;
                }
                default -> {
                    return false;
                }
            }
        }

        private boolean mayJoin() {
            if (fresh) {
                return true;
            }
            boolean room = mode == Mode.READ ? writers.letReadersIn() : holders.isEmpty();
            return room
                    && !closed
                    && !kept
                    && session.stateNow() == SessionState.ACTIVE
                    && handOvers.mayGoOn(sameClaim());
        }

        private BooleanSupplier sameClaim() {
            long held = claim.revision();
            return () -> claim.state() == Claim.State.HELD && claim.revision() == held;
        }

        private void grant(Waiter waiter) {
            waiters.remove(waiter);
            fresh = false;
            Upgrade done = upgrade;
            if (done != null && done.waiter == waiter) {
                upgrade = null;
                readers.holders.remove(done.from);
            }
            waiter.result.complete(Optional.of(enter(waiter.spec)));
        }

        private EtcdGrant enter(ClaimSpec spec) {
            FencingToken token = new FencingToken(claim.revision(), handOvers.next());
            EtcdGrant grant = new EtcdGrant(session, ReadWriteQueue.this, spec, token, claim.conditions());
            holders.add(grant);
            return grant;
        }

        /** Its writer reads on, in the same place, and lets other readers in. */
        CompletableFuture<Optional<EtcdGrant>> keep(EtcdGrant writer, ClaimSpec reading) {
            return claim.mark().thenApply(ours -> {
                if (!ours || !holders.remove(writer)) {
                    return Optional.empty();
                }
                kept = true;
                EtcdGrant reader = enter(reading);
                advance();
                return Optional.of(reader);
            });
        }

        /** Gives the claim up when nobody holds by it, and nobody who is first wants to. */
        void leaveIfUnwanted() {
            boolean wanted = wanted();
            switch (claim.state()) {
                case WAITING -> {
                    if (!wanted) {
                        claim.release();
                    }
                }
                case HELD -> {
                    boolean upgraded = mode == Mode.READ && upgrade != null && writers.isWaiting();
                    if (upgraded || (holders.isEmpty() && !(wanted && session.isAlive() && mayJoin()))) {
                        claim.release();
                    }
                }
                case NONE, ACQUIRING, PASSING, RELEASING -> {}
            }
        }

        CompletableFuture<Boolean> close(EtcdGrant grant, boolean clean) {
            holders.remove(grant);
            closed |= !clean;
            CompletableFuture<Boolean> released = CompletableFuture.completedFuture(true);
            if (holders.isEmpty()) {
                advance();
                if (claim.state() == Claim.State.RELEASING) {
                    released = new CompletableFuture<>();
                    releasing = released;
                }
            }
            return released;
        }

        @Override
        public boolean wanted() {
            return modeOfFirst() == mode;
        }

        @Override
        public void waiting() {
            end(waiter -> waiter.immediate, waiter -> waiter.result.complete(Optional.empty()));
            advance();
        }

        @Override
        public void granted() {
            handOvers.begin(claim.hasFollowing());
            fresh = true;
            closed = false;
            kept = false;
            advance();
        }

        @Override
        public void followed() {
            handOvers.followed();
        }

        @Override
        public void lost() {
            List<EtcdGrant> losing = loseHolders();
            if (!losing.isEmpty()) {
                session.whyRemoved(reason -> losing.forEach(grant -> grant.tellLost(reason)));
            }
        }

        List<EtcdGrant> loseHolders() {
            List<EtcdGrant> losing = List.copyOf(holders);
            holders.clear();
            losing.forEach(EtcdGrant::lose);
            return losing;
        }

        @Override
        public void refused(RecipeException why) {
            end(waiter -> true, waiter -> waiter.result.completeExceptionally(why));
            if (releasing != null) {
                releasing.completeExceptionally(why);
                releasing = null;
            }
        }

        @Override
        public void removed(boolean byUs) {
            CompletableFuture<Boolean> told = releasing;
            releasing = null;
            ended(byUs);
            if (mode == Mode.WRITE && upgrade != null) {
                Waiter failed = upgrade.waiter;
                upgrade = null;
                if (readers.claim.state() != Claim.State.HELD) {
                    readers.lost(); // its place was given up for the one that is gone now
                }
                waiters.remove(failed);
                failed.result.complete(Optional.empty());
            }
            advance();
            if (told != null) {
                told.complete(byUs); // by now the name is free for whoever it was that waited for this
            }
        }

        void ended(boolean byUs) {
            fresh = false;
            kept = false;
            if (releasing != null) {
                releasing.complete(byUs);
                releasing = null;
            }
        }
    }

    // From one to the other

    /**
     * A reader instead of a writer, unless it has lost its place; a writer instead of a reader, if nobody else reads or
     * waits.
     */
    @Override
    public CompletableFuture<Optional<EtcdGrant>> exchange(EtcdGrant grant, ClaimSpec other) {
        if (other.mode() == Mode.WRITE) {
            return upgrade(grant, other);
        }
        return writers.holders.contains(grant) && !writers.kept
                ? writers.keep(grant, other)
                : CompletableFuture.completedFuture(Optional.empty());
    }

    private CompletableFuture<Optional<EtcdGrant>> upgrade(EtcdGrant reader, ClaimSpec writing) {
        if (!readers.holders.equals(Set.of(reader)) || !waiters.isEmpty() || !writers.isIdle() || upgrade != null) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        Waiter waiter = new Waiter(writing, false);
        upgrade = new Upgrade(reader, waiter);
        waiters.add(waiter);
        long reading = readers.claim.revision();
        session.onAnswer(
                session.calls().untilAnswered(ClaimTxns.wouldBeMade(writers.keys), session::isOpen),
                (read, failure) -> {
                    if (upgrade == null || upgrade.waiter != waiter) {
                        return;
                    }
                    List<QueuedClaim> claims = failure == null ? ReadWriteRule.others(writers.keys, read) : List.of();
                    // (!) A ghost of a writer may be in removal by now, and its claim is made from nothing only.
                    if (claims.size() == 1 && claims.get(0).revision() == reading && writers.isIdle()) {
                        long seen = read.getHeader().getRevision();
                        // (!) Else others may come, or have come and gone, in between.
                        writers.claim.acquire(
                                waiter.value(),
                                List.of(
                                        ClaimTxns.nothingNew(readers.keys, seen),
                                        ClaimTxns.createIs(readers.keys.own(), reading)));
                    } else {
                        writers.removed(false);
                    }
                });
        return waiter.result;
    }

    // What the session tells

    @Override
    public void onMessage(Message message) {
        boolean readersKnow = readers.claim.onMessage(message);
        boolean writersKnow = writers.claim.onMessage(message); // either may have to keep it
        if (!readersKnow && !writersKnow) {
            for (Side side : List.of(readers, writers)) {
                if (side.isIdle()) {
                    side.claim.removeGhost(message.revision());
                }
            }
        }
    }

    @Override
    public void removeGhost(QueueKeys keys, long revision) {
        Side side = keys.own().equals(readers.keys.own()) ? readers : writers;
        if (side.isIdle()) {
            side.claim.removeGhost(revision);
        }
    }

    @Override
    public void recheck() {
        readers.claim.recheck();
        writers.claim.recheck();
    }

    @Override
    public CompletableFuture<Boolean> close(EtcdGrant grant, boolean clean) {
        for (Side side : List.of(readers, writers)) {
            if (side.holders.contains(grant)) {
                return side.close(grant, clean);
            }
        }
        return CompletableFuture.completedFuture(false);
    }

    /** A claim of these is never rewritten. */
    @Override
    public CompletableFuture<Boolean> rewrite(EtcdGrant grant, ByteString value) {
        throw new IllegalStateException(name + " is no election");
    }

    @Override
    public void sessionEnded(LossReason reason) {
        for (Side side : List.of(readers, writers)) {
            side.claim.sessionEnded();
            side.loseHolders().forEach(grant -> grant.tellLost(reason));
            // Closing the session revokes the lease, which frees it; a lost session has lost it.
            side.ended(reason == LossReason.CLOSED);
        }
        end(
                waiter -> true,
                waiter -> waiter.result.completeExceptionally(
                        new SessionLostException(waiter.spec.recipe(), waiter.spec.name(), reason)));
    }
}
