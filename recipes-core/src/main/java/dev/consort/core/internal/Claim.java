/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.ClaimRule.Verdict;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RequestOp;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
final class Claim implements Acquisition.Owner, ClaimWatches.Owner, ClaimValue.Owner {
    /** The states of a claim. */
    enum State {
        /** No key in etcd. To ACQUIRING; to RELEASING when a ghost is found. */
        NONE,
        /** Whether the key was put, or its place in the queue, is not known yet. To WAITING, HELD, RELEASING, NONE. */
        ACQUIRING,
        /** Behind others. To HELD, RELEASING, NONE. */
        WAITING,
        /** First of its queue. To PASSING, RELEASING, NONE. */
        HELD,
        /** Being passed on to a chosen one, if that is there. To HELD, NONE. */
        PASSING,
        /** Its removal is not confirmed yet, or not explained. To NONE. */
        RELEASING
    }

    /** Whom a claim is for. */
    interface Owner {
        /** Whether the claim is still wanted; asked when it is decided. */
        boolean wanted();

        /** The claim is behind others. */
        void waiting();

        /** It was looked again whether the claim waits, and it does. */
        default void stillWaiting() {}

        /** The waiting claim is asked to step back: whether it is to be removed, and made again when {@link #removed} is told. */
        default boolean stepsBack(Message.Request request) {
            return false;
        }

        /** The claim is granted. */
        void granted();

        /** Of a granted claim it is known by now who follows: {@link #hasFollowing}. */
        void followed();

        /** A granted claim was removed by somebody else; {@link #removed} follows. */
        void lost();

        /** The claim cannot be made, or not be waited with, or not be removed; whoever waits for that is to be told. */
        void refused(RecipeException why);

        /** There is no claim any more: the state is NONE. */
        void removed(boolean byUs);
    }

    private static final Logger log = LoggerFactory.getLogger(Claim.class);
    private static final Duration TRY_AGAIN_AFTER = Duration.ofSeconds(1);

    private final EtcdSession session;
    private final QueueKeys keys;
    private final String recipe;
    private final Owner owner;
    private final ClaimWatches watches;
    private final @Nullable Runnable removal; // together with other claims

    private State state = State.NONE;
    private ByteString acquiring = ByteString.EMPTY;
    private List<Compare> onlyIf = List.of();
    private @Nullable Acquisition acquisition;
    private @Nullable ClaimValue value;
    private long revision;
    private long ahead; // when it was made; 0 if that is not known
    private List<QueuedClaim> following = List.of();
    private boolean marks; // it carries its rule's mark
    private boolean mayMark; // or may do so by now
    private @Nullable Message told; // before the answer to the put
    private @Nullable Message asked; // likewise, to step back
    private long operation;

    Claim(EtcdSession session, QueueKeys keys, String recipe, Owner owner) {
        this(session, keys, recipe, owner, null);
    }

    /**
     * One that is made and removed together with claims in other queues.
     *
     * @param removal is called when it is to go; whoever removes them calls {@link #removedWithOthers}
     */
    Claim(EtcdSession session, QueueKeys keys, String recipe, Owner owner, @Nullable Runnable removal) {
        this.removal = removal;
        this.session = session;
        this.keys = keys;
        this.recipe = recipe;
        this.owner = owner;
        this.watches = new ClaimWatches(session, keys, this);
    }

    State state() {
        return state;
    }

    /** The create revision, once it is known. */
    long revision() {
        return revision;
    }

    /** Whether only the holder was before it when it was made; so nobody else will ever be. */
    boolean wasNext() {
        return ahead == 1;
    }

    boolean hasFollowing() {
        return !following.isEmpty();
    }

    // ACQUIRE

    /** From NONE only, so (!) not before every earlier removal in this queue is confirmed. */
    void acquire(ByteString newValue) {
        acquire(newValue, List.of());
    }

    /** The same, if conditions hold as the key is put; else it ends as removed. */
    void acquire(ByteString newValue, List<Compare> conditions) {
        state = State.ACQUIRING;
        told = null;
        asked = null;
        acquiring = newValue;
        onlyIf = conditions;
        acquisition = new Acquisition(session, List.of(keys), recipe, keys.name(), newValue, conditions, this);
        acquisition.start();
    }

    /** Its key is being put by a transaction with others, whose outcome this is to be told. */
    void acquireWithOthers(ByteString newValue) {
        state = State.ACQUIRING;
        told = null;
        asked = null;
        acquiring = newValue;
        onlyIf = List.of();
    }

    @Override
    public boolean wanted() {
        return owner.wanted();
    }

    @Override
    public void stuck(RecipeException why) {
        owner.refused(why);
    }

    @Override
    public void made(long newRevision, List<Verdict> verdicts) {
        made(newRevision, verdicts.get(0));
    }

    void made(long newRevision, Verdict verdict) {
        born(newRevision, newRevision, acquiring, verdict.ahead());
        decide(verdict, newRevision);
    }

    @Override
    public void found(List<KeyValue> mine) {
        found(mine.get(0));
    }

    void found(KeyValue mine) {
        // The value is an earlier candidate's if its put was applied again after its release.
        born(mine.getCreateRevision(), mine.getModRevision(), mine.getValue(), 0);
        if (!decidedWithoutReading()) {
            check();
        }
    }

    @Override
    public void notMade() {
        end(null);
    }

    @Override
    public void refused(RecipeException why) {
        end(why);
    }

    private void born(long createRevision, long modRevision, ByteString put, long claimsAhead) {
        acquisition = null;
        ahead = claimsAhead;
        revision = createRevision;
        following = List.of();
        marks = false;
        mayMark = false;
        value = new ClaimValue(session, keys, recipe, createRevision, modRevision, put, this);
        watches.start(modRevision + 1, ahead);
    }

    // DECIDE

    private boolean decidedWithoutReading() {
        if (!owner.wanted()) {
            release();
            return true;
        }
        if (told != null && told.granted() && told.revision() == revision) {
            hold(told.following());
            return true;
        }
        return false;
    }

    private void decide(Verdict verdict, long atRevision) {
        if (decidedWithoutReading()) {
            return;
        }
        if (verdict.granted()) {
            hold(List.of());
            return;
        }
        if (verdict.never().isPresent()) {
            owner.refused(
                    new RecipeException(recipe, keys.name(), verdict.never().get(), null));
            release();
            return;
        }
        for (QueuedClaim blocker : verdict.blockers()) {
            if (keys.rule().lease(blocker).isEmpty()) {
                blockedByForeign(blocker);
                return;
            }
        }
        boolean lookFirst = told != null && told.revision() == revision; // sent after what was read
        told = null;
        if (verdict.first()) {
            watches.any(atRevision + 1);
        } else if (!verdict.blockers().isEmpty() && !lookFirst) {
            watches.before(verdict.blockers().stream().map(keys::key).toList(), atRevision + 1);
        }
        await();
    }

    private void blockedByForeign(QueuedClaim blocker) {
        owner.refused(new RecipeException(
                recipe,
                keys.name(),
                "the foreign key '" + session.text(keys.key(blocker))
                        + "' lies below this name and blocks it; delete that key, or use names that do not nest",
                null));
        release();
    }

    private void await() {
        if (state != State.WAITING) {
            state = State.WAITING;
            Message request = asked;
            asked = null;
            owner.waiting();
            if (request != null && request.revision() == revision) {
                onAskedToStepBack(request);
            }
        } else {
            owner.stillWaiting();
        }
    }

    private void hold(List<QueuedClaim> next) {
        operation++;
        state = State.HELD;
        acquiring = ByteString.EMPTY;
        following = next;
        told = null;
        watches.granted();
        owner.granted();
    }

    /** Never "does a key exist": does the claim of this revision exist, and which is before it. */
    private void check() {
        long op = ++operation;
        session.onAnswer(
                session.calls()
                        .untilAnswered(
                                state == State.HELD ? ClaimTxns.own(keys) : ClaimTxns.check(keys, revision),
                                session::isOpen),
                (response, failure) -> ifCurrent(op, () -> {
                    if (failure != null) {
                        onCheckRefused(op, failure);
                        return;
                    }
                    long now = response.getHeader().getRevision();
                    List<KeyValue> mine =
                            response.getResponses(0).getResponseRange().getKvsList();
                    if (mine.isEmpty() || !isMine(mine.get(0))) {
                        gone();
                    } else {
                        watches.verified(now);
                        if (state != State.HELD) {
                            decideChecked(keys.rule().checked(keys, ClaimTxns.rangesAfterFirst(response)), now);
                        }
                    }
                }));
    }

    /** (!) Nobody told it, so nobody may have told the one behind it. */
    private void decideChecked(Verdict verdict, long now) {
        decide(verdict, now);
        if (verdict.granted() && state == State.HELD && keys.rule().firstIsTold()) {
            baton().tellBehind(revision);
        }
    }

    private void onCheckRefused(long op, CallFailure failure) {
        if (state == State.HELD) {
            session.after(TRY_AGAIN_AFTER, () -> ifCurrent(op, this::check));
        } else {
            owner.refused(failure.toException(recipe, keys.name()));
            release();
        }
    }

    /** Not kept: a claim that is held for long does without. */
    private Baton baton() {
        return new Baton(session, keys);
    }

    private boolean isMine(KeyValue kv) {
        return value != null && value.isIn(kv);
    }

    /** This claim is no more, or its key is another claim now. */
    @Override
    public void gone() {
        switch (state) {
            case ACQUIRING -> {
                if (owner.wanted() && removal == null) {
                    forget();
                    acquire(acquiring, onlyIf);
                } else {
                    end(null);
                }
            }
            case WAITING -> {
                forget();
                state = State.RELEASING;
                long op = operation;
                session.whyRemoved(reason -> ifCurrent(op, this::goneWhileWaiting));
            }
            case HELD -> {
                if (mayMark) { // (!) also if it was not answered yet
                    baton().deleteMark();
                }
                owner.lost();
                end(null);
            }
            case NONE, RELEASING, PASSING -> {} // of the last one the answer tells
        }
    }

    private void goneWhileWaiting() {
        log.warn("{} '{}': its claim of revision {} was removed by another client", recipe, keys.name(), revision);
        end(new RecipeException(
                recipe,
                keys.name(),
                "another client deleted or overwrote the key '" + session.text(keys.own())
                        + "' while it waited; acquire again if it is still wanted",
                null));
    }

    private void end(@Nullable RecipeException why) {
        forget();
        session.usedLately(keys); // a put that is applied again would leave a ghost here, too
        if (why != null) {
            owner.refused(why);
        }
        owner.removed(false);
    }

    /** Nothing is known of any claim, and no answer is waited for. */
    private void forget() {
        operation++;
        state = State.NONE;
        if (acquisition != null) {
            acquisition.stop();
            acquisition = null;
        }
        if (value != null) {
            value.end();
            value = null;
        }
        watches.stop();
    }

    // MESSAGE and what the watches tell

    /** Whether it may be about this claim. */
    boolean onMessage(Message message) {
        if (message.kind() == Message.Kind.STEP_BACK) {
            return onAskedToStepBack(message);
        }
        if (state == State.ACQUIRING) {
            // (!) The message about a claim may come before the answer to its put.
            if (told == null
                    || message.revision() > told.revision()
                    || (message.granted() && message.revision() == told.revision())) {
                told = message;
            }
            return true;
        }
        if (message.revision() != revision) {
            return false;
        }
        if (state == State.WAITING && !message.granted()) {
            watches.first();
        } else if (state == State.WAITING) {
            hold(message.following());
        } else if (state == State.HELD
                && message.granted()
                && following.isEmpty()
                && !message.following().isEmpty()) {
            // The claim before was seen to go first: the message still tells who follows.
            following = message.following();
            owner.followed();
        }
        return state != State.NONE;
    }

    /** (!) Only while it waits: then it is withdrawn as any other, which passes on what it may have been granted. */
    private boolean onAskedToStepBack(Message message) {
        if (state == State.ACQUIRING) {
            asked = asked == null || message.revision() >= asked.revision() ? message : asked;
            return true;
        }
        if (message.revision() != revision) {
            return false;
        }
        if (state == State.WAITING && owner.stepsBack(message.request())) {
            log.debug("{} '{}': its claim of revision {} steps back", recipe, keys.name(), revision);
            release();
        }
        return state != State.NONE;
    }

    /** (!) The mailbox keeps its last message only, and may have lost one. */
    void recheck() {
        if (state == State.WAITING || state == State.HELD) {
            check();
        }
    }

    @Override
    public void onOwnEvent(@Nullable KeyValue put) {
        // Also while a check is under way: another member may have answered it before the deletion.
        if (put == null || !isMine(put)) {
            gone();
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
        List<QueuedClaim> known = following;
        following = List.of();
        forget();
        state = State.RELEASING;
        if (removal == null) {
            remove(known);
        } else {
            removal.run();
        }
    }

    /**
     * Removes the held claim and grants a chosen one, which is right behind it; false if that one is gone, and this one stays
     * held. Fails as {@link dev.consort.core.OutcomeUnknownException} if it is not known which; then it has to be released.
     */
    CompletableFuture<Boolean> passOn(QueuedClaim chosen, List<QueuedClaim> next) {
        if (state != State.HELD) {
            return CompletableFuture.completedFuture(false);
        }
        CompletableFuture<Boolean> passed = new CompletableFuture<>();
        state = State.PASSING;
        long op = ++operation;
        session.onAnswer(baton().passOn(revision, chosen, next), (how, failure) -> {
            if (op != operation || !session.isOpen()) {
                passed.complete(false); // the session has ended, and the claim with it
            } else if (failure != null) {
                state = State.HELD;
                passed.completeExceptionally(failure.toException(recipe, keys.name()));
                recheck();
            } else if (how == Baton.Passed.ON) {
                forget();
                session.usedLately(keys);
                passed.complete(true);
                owner.removed(true);
            } else {
                state = State.HELD;
                passed.complete(false);
                recheck(); // what its watch told meanwhile was left to the answer
            }
        });
        return passed;
    }

    /** All that were made with it are removed now, and those that follow are told. */
    void removedWithOthers(boolean byUs) {
        forget();
        session.usedLately(keys);
        owner.removed(byUs);
    }

    /** (!) A ghost: a claim of ours that nobody here knows, left by a request that was applied twice. */
    void removeGhost(long ghost) {
        forget();
        revision = ghost;
        marks = false;
        state = State.RELEASING;
        remove(List.of());
    }

    private void remove(List<QueuedClaim> known) {
        long op = operation;
        session.onAnswer(
                baton().release(revision, known, marks),
                (wasOurs, failure) -> ifCurrent(op, () -> {
                    if (failure == null) {
                        forget();
                        session.usedLately(keys);
                        owner.removed(wasOurs);
                    } else {
                        session.after(TRY_AGAIN_AFTER, () -> ifCurrent(op, () -> remove(List.of())));
                        owner.refused(failure.toException(recipe, keys.name()));
                    }
                }));
    }

    /** The session is no more, and so is the claim. */
    void sessionEnded() {
        forget();
    }

    // The value of a held claim

    boolean isRewritten() {
        return value != null && value.isRewritten();
    }

    boolean holds(ByteString wanted) {
        return value != null && value.holds(wanted);
    }

    /** Puts another value under the held claim; false if the claim is no longer ours. */
    CompletableFuture<Boolean> rewrite(ByteString newValue) {
        return state == State.HELD && value != null
                ? value.rewrite(newValue, List.of())
                : CompletableFuture.completedFuture(false);
    }

    /** Marks the held claim, which lets in those whom the mark concerns; false if it is no longer ours. */
    CompletableFuture<Boolean> mark() {
        if (state != State.HELD || value == null) {
            return CompletableFuture.completedFuture(false);
        }
        RequestOp put = ClaimTxns.put(
                keys.prefix().concat(keys.rule().mark(session.leaseId()).orElseThrow()),
                ByteString.EMPTY,
                session.leaseId());
        // The claim is put again, so that no guarded write from before it was marked can land any more.
        ClaimValue marking = value;
        mayMark = true;
        return marking.rewrite(marking.value(), List.of(put)).thenApply(done -> {
            boolean ours = done && value == marking; // it may be another claim by now
            if (ours) {
                following = List.of();
                marks = true;
                baton().tellMarked(revision);
            }
            return ours;
        });
    }

    /** Of a grant by the held claim, as it is now. */
    EtcdGrant.Conditions conditions() {
        return EtcdGrant.Conditions.unchanged(keys.own(), value == null ? 0 : value.modRevision());
    }

    /** Of the held claim: so it is not kept, for many may be held for long. */
    void valueStays() {
        if (value != null) {
            value.forget();
        }
    }

    private void ifCurrent(long op, Runnable step) {
        if (op == operation && session.isOpen()) {
            step.run();
        }
    }
}
