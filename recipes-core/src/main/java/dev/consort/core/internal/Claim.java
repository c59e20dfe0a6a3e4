/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One claim of this session in one queue, from the put of its key to its confirmed removal: the protocol of the claim
 * queue for exclusive grants, as docs/protocol.md has it. (!) marks the rules without which it fails.
 *
 * <p>Concurrency: confined to the session's serializer. Each request carries the number of its operation; the answer to
 * one that was overtaken is ignored.
 */
final class Claim implements ClaimWatches.Owner {
    /** The states of a claim. */
    enum State {
        /** No key in etcd. To ACQUIRING; to RELEASING when a ghost is found. */
        NONE,
        /** The outcome of the put, or the place in the queue, is not known yet. To WAITING, HELD, RELEASING, NONE. */
        ACQUIRING,
        /** Behind others. To HELD, RELEASING, NONE. */
        WAITING,
        /** First of its queue. To RELEASING, NONE. */
        HELD,
        /** Its removal is not confirmed yet. To NONE. */
        RELEASING
    }

    /** Whom a claim is for. */
    interface Owner {
        /** Whether the claim is still wanted; asked when it is decided. */
        boolean wanted();

        /** The claim is behind others. */
        void waiting();

        /** The claim is granted. */
        void granted();

        /** A granted claim was removed by somebody else; {@link #removed} follows. */
        void lost();

        /** The claim cannot be made, or not be waited with, or not be removed; whoever waits for that is to be told. */
        void refused(RecipeException why);

        /** There is no claim any more: the state is NONE. */
        void removed(boolean byUs);
    }

    private static final Logger log = LoggerFactory.getLogger(Claim.class);
    private static final Duration RETRY_REFUSED_AFTER = Duration.ofSeconds(1);

    private final EtcdSession session;
    private final QueueKeys keys;
    private final String recipe;
    private final Owner owner;
    private final Baton baton;
    private final ClaimWatches watches;

    private State state = State.NONE;
    private ByteString value = ByteString.EMPTY;
    private long revision;
    private long modRevision;
    private boolean rewritten;
    private CompletableFuture<Boolean> lastRewrite = CompletableFuture.completedFuture(true);
    private List<QueuedClaim> following = List.of();
    private @Nullable Message kept;
    private long operation;
    private int attempts;

    Claim(EtcdSession session, QueueKeys keys, String recipe, Owner owner) {
        this.session = session;
        this.keys = keys;
        this.recipe = recipe;
        this.owner = owner;
        this.baton = new Baton(session, keys);
        this.watches = new ClaimWatches(session, keys, this);
    }

    State state() {
        return state;
    }

    long revision() {
        return revision;
    }

    boolean hasFollowing() {
        return !following.isEmpty();
    }

    // ACQUIRE

    /** From NONE only, so (!) not before every earlier removal in this queue is confirmed. */
    void acquire(ByteString newValue) {
        state = State.ACQUIRING;
        kept = null;
        attempts = 0;
        value = newValue;
        put();
    }

    private void put() {
        long op = ++operation;
        answer(
                op,
                session.calls()
                        .txn(ClaimTxns.acquire(
                                keys, value, session.leaseId(), session.fenceKey(), session.fenceRevision())),
                this::onPut,
                failure -> {
                    switch (failure.kind()) {
                        case REFUSED -> session.after(Calls.pause(attempts++), () -> ifCurrent(op, this::putAgain));
                        case AMBIGUOUS -> fence();
                        case LEASE_GONE -> session.lose(LossReason.REVOKED);
                        case FINAL -> end(failure.toException(recipe, keys.name()));
                    }
                });
    }

    private void putAgain() {
        if (owner.wanted()) {
            put();
        } else {
            end(null);
        }
    }

    private void onPut(TxnResponse response) {
        if (response.getSucceeded()) {
            long now = response.getHeader().getRevision();
            RangeResponse range = response.getResponses(1).getResponseRange();
            born(now, now, range.getCount() - 1);
            List<QueuedClaim> claims = QueuedClaim.inOrder(range.getKvsList(), keys.prefix());
            if (range.getCount() <= 2) {
                decide(claims.size() == 1 ? null : claims.get(0), now);
            } else if (!decidedWithoutReading()) {
                // Several are before this one; which is the last of them matters only once it is to be watched.
                await();
            }
            return;
        }
        List<KeyValue> mine = response.getResponses(0).getResponseRange().getKvsList();
        List<KeyValue> fence = response.getResponses(1).getResponseRange().getKvsList();
        if (fence.isEmpty()) {
            // Somebody deleted the session's own keys: nothing would kill a late attempt any more.
            session.lose(LossReason.REVOKED);
        } else if (!mine.isEmpty()) {
            resolve(mine.get(0));
        } else {
            session.fenceSeen(fence.get(0).getModRevision());
            putAgain();
        }
    }

    /** The put was not answered: (!) kill every late attempt before reading, for absent would prove nothing else. */
    private void fence() {
        long op = ++operation;
        answer(
                op,
                session.calls()
                        .untilAnswered(
                                ClaimTxns.fence(session.fenceKey(), session.leaseId(), keys.own()), session::isOpen),
                response -> {
                    session.fenceSeen(response.getHeader().getRevision());
                    List<KeyValue> mine =
                            response.getResponses(1).getResponseRange().getKvsList();
                    if (mine.isEmpty()) {
                        putAgain();
                    } else {
                        resolve(mine.get(0));
                    }
                },
                failure -> {
                    if (failure.kind() == CallFailure.Kind.LEASE_GONE) {
                        session.lose(LossReason.REVOKED);
                    } else {
                        // Without the fence the put may still land: those who wait are told, the claim stays watched.
                        session.after(RETRY_REFUSED_AFTER, () -> ifCurrent(op, this::fence));
                        owner.refused(failure.toException(recipe, keys.name()));
                    }
                });
    }

    private void resolve(KeyValue mine) {
        if (mine.getLease() == session.leaseId()) {
            born(mine.getCreateRevision(), mine.getModRevision(), 0);
            if (!decidedWithoutReading()) {
                check();
            }
        } else {
            end(new RecipeException(
                    recipe,
                    keys.name(),
                    "another client wrote the key '" + session.text(keys.own())
                            + "', which is this session's place in the queue; delete that key",
                    null));
        }
    }

    private void born(long createRevision, long lastModified, long ahead) {
        revision = createRevision;
        modRevision = lastModified;
        rewritten = false;
        following = List.of();
        watches.start(lastModified + 1, ahead);
    }

    // DECIDE

    private boolean decidedWithoutReading() {
        if (!owner.wanted()) {
            release();
            return true;
        }
        if (kept != null && kept.revision() == revision) {
            hold(kept.following());
            return true;
        }
        return false;
    }

    private void decide(@Nullable QueuedClaim before, long atRevision) {
        if (decidedWithoutReading()) {
            return;
        }
        if (before == null) {
            hold(List.of());
        } else if (before.lease().isEmpty()) {
            owner.refused(new RecipeException(
                    recipe,
                    keys.name(),
                    "the foreign key '" + session.text(keys.key(before))
                            + "' lies below this name and blocks it; delete that key, or use names that do not nest",
                    null));
            release();
        } else {
            watches.before(keys.key(before), atRevision + 1);
            await();
        }
    }

    private void await() {
        if (state != State.WAITING) {
            state = State.WAITING;
            owner.waiting();
        }
    }

    /** Never "does a key exist": does the claim of this revision exist, and which is before it. */
    private void check() {
        long op = ++operation;
        answer(
                op,
                session.calls().untilAnswered(ClaimTxns.check(keys, revision), session::isOpen),
                response -> {
                    List<KeyValue> mine =
                            response.getResponses(0).getResponseRange().getKvsList();
                    if (mine.isEmpty() || !isMine(mine.get(0))) {
                        gone();
                        return;
                    }
                    watches.verified(response.getHeader().getRevision());
                    if (state != State.HELD) {
                        List<QueuedClaim> before = QueuedClaim.inOrder(
                                response.getResponses(1).getResponseRange().getKvsList(), keys.prefix());
                        decide(
                                before.isEmpty() ? null : before.get(0),
                                response.getHeader().getRevision());
                    }
                },
                failure -> {
                    if (state == State.HELD) {
                        session.after(RETRY_REFUSED_AFTER, () -> ifCurrent(op, this::check));
                    } else {
                        owner.refused(failure.toException(recipe, keys.name()));
                        release();
                    }
                });
    }

    /** An overwrite keeps the create revision, so a claim that we never rewrite is known by its mod revision too. */
    private boolean isMine(KeyValue kv) {
        return kv.getCreateRevision() == revision
                && kv.getLease() == session.leaseId()
                && (rewritten || kv.getModRevision() == modRevision);
    }

    private void hold(List<QueuedClaim> next) {
        operation++;
        state = State.HELD;
        following = next;
        kept = null;
        watches.granted();
        owner.granted();
    }

    /** This claim is no more, or its key is another claim now. */
    private void gone() {
        if (state == State.ACQUIRING) {
            watches.stop();
            putAgain();
            return;
        }
        log.warn("{} '{}': its claim of revision {} was removed by another client", recipe, keys.name(), revision);
        if (state == State.HELD) {
            owner.lost();
            end(null);
        } else {
            end(new RecipeException(
                    recipe,
                    keys.name(),
                    "another client deleted or overwrote the key '" + session.text(keys.own())
                            + "' while it waited; acquire again if it is still wanted",
                    null));
        }
    }

    private void end(@Nullable RecipeException why) {
        operation++;
        state = State.NONE;
        watches.stop();
        if (why != null) {
            owner.refused(why);
        }
        owner.removed(false);
    }

    // MESSAGE and what the watches tell

    void onMessage(Message message) {
        switch (state) {
            case ACQUIRING -> {
                // (!) The message about a claim may come before the answer to its put.
                if (kept == null || message.revision() > kept.revision()) {
                    kept = message;
                }
            }
            case WAITING -> {
                if (message.revision() == revision) {
                    hold(message.following());
                }
            }
            case NONE -> removeGhost(message.revision());
            case HELD, RELEASING -> {}
        }
    }

    /** (!) A ghost: a claim of ours that nobody here knows, left by a request that was applied twice. */
    void removeGhost(long ghost) {
        revision = ghost;
        release();
    }

    /** (!) The mailbox keeps its last message only, and may have lost one. */
    void recheck() {
        if (state == State.WAITING || state == State.HELD) {
            check();
        }
    }

    @Override
    public void onOwnEvent(@Nullable KeyValue put) {
        if (state == State.WAITING || state == State.HELD) {
            if (put == null || !isMine(put)) {
                gone();
            }
        }
    }

    @Override
    public void onBeforeUnknown() {
        if (state == State.WAITING) {
            check();
        }
    }

    @Override
    public void onGap() {
        recheck();
    }

    // RELEASE

    /** Deletes the claim and passes the baton; also (!) for a waiting one, which may be granted without knowing it. */
    void release() {
        operation++;
        List<QueuedClaim> known = following;
        following = List.of();
        state = State.RELEASING;
        watches.stop();
        remove(known);
    }

    private void remove(List<QueuedClaim> known) {
        long op = operation;
        session.onAnswer(
                baton.release(revision, known),
                (wasOurs, failure) -> ifCurrent(op, () -> {
                    if (failure == null) {
                        operation++;
                        state = State.NONE;
                        session.usedLately(keys);
                        owner.removed(wasOurs);
                    } else {
                        session.after(RETRY_REFUSED_AFTER, () -> ifCurrent(op, () -> remove(List.of())));
                        owner.refused(failure.toException(recipe, keys.name()));
                    }
                }));
    }

    /** The session is no more, and so is the claim. */
    void sessionEnded() {
        operation++;
        state = State.NONE;
        watches.stop();
    }

    // Rewriting a held claim's value

    /** Puts another value under the held claim, after any rewrite before; false if the claim is no longer ours. */
    CompletableFuture<Boolean> rewrite(ByteString newValue) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        CompletableFuture<Boolean> earlier = lastRewrite;
        lastRewrite = done;
        long of = revision;
        rewritten = true;
        Completion.of(earlier, (ours, failure) -> session.execute(() -> rewrite(newValue, of, done)));
        return done;
    }

    private void rewrite(ByteString newValue, long of, CompletableFuture<Boolean> done) {
        if (state != State.HELD || revision != of || !session.isOpen()) {
            done.complete(false);
            return;
        }
        TxnRequest request = ClaimTxns.rewrite(keys, of, modRevision, newValue, session.leaseId());
        session.onAnswer(session.calls().untilAnswered(request, session::isOpen), (response, failure) -> {
            if (state != State.HELD || revision != of) {
                done.complete(false);
            } else if (failure != null) {
                done.completeExceptionally(failure.toException(recipe, keys.name()));
            } else if (response.getSucceeded()) {
                modRevision = response.getHeader().getRevision();
                value = newValue;
                done.complete(true);
            } else {
                onRewriteRefused(response, newValue, of, done);
            }
        });
    }

    /** An earlier attempt may be what changed the claim: then it is done. */
    private void onRewriteRefused(TxnResponse response, ByteString newValue, long of, CompletableFuture<Boolean> done) {
        List<KeyValue> mine = response.getResponses(0).getResponseRange().getKvsList();
        if (mine.isEmpty() || !isMine(mine.get(0))) {
            gone();
            done.complete(false);
            return;
        }
        modRevision = mine.get(0).getModRevision();
        value = mine.get(0).getValue();
        if (value.equals(newValue)) {
            done.complete(true);
        } else {
            rewrite(newValue, of, done);
        }
    }

    ByteString value() {
        return value;
    }

    private <T> void answer(long op, CompletableFuture<T> call, Consumer<T> onAnswer, Consumer<CallFailure> onFailure) {
        session.onAnswer(
                call,
                (answer, failure) -> ifCurrent(op, () -> {
                    if (failure == null) {
                        onAnswer.accept(answer);
                    } else {
                        onFailure.accept(failure);
                    }
                }));
    }

    private void ifCurrent(long op, Runnable step) {
        if (op == operation && session.isOpen()) {
            step.run();
        }
    }
}
