/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.internal.Store.Outcome;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.TxnRequest;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A grant for a key that a recipe has put with the lease of its session, in a transaction of its own: held while the key is as it
 * was put. How it ends is the recipe's too: a transaction, guarded by that key, which gives it back, or does what it was held for.
 *
 * <p>Concurrency: confined to the session's serializer, but for what releases it.
 */
public final class HeldKey implements Grantor {
    private final EtcdSession session;
    private final ByteString key;
    private final long revision;
    private final EtcdGrant grant;
    private final TxnRequest givingBack;
    private @Nullable TxnRequest ending; // of whoever gives it back by another one
    private final LongConsumer onEnd;
    private final Consumer<LossReason> onSessionEnd = this::sessionEnded;

    /**
     * Of a key that was put.
     *
     * @param key with the namespace
     * @param revision at which it was put
     * @param givingBack what gives it back unless {@link #release} says otherwise; without the guard
     * @param onEnd told on the serializer at which revision it ended, before anybody else is told that it has
     */
    public HeldKey(
            EtcdSession session,
            String recipe,
            String name,
            ByteString key,
            long revision,
            TxnRequest givingBack,
            LongConsumer onEnd) {
        this.session = session;
        this.key = key;
        this.revision = revision;
        this.givingBack = givingBack;
        this.onEnd = onEnd;
        ClaimSpec spec = new ClaimSpec(recipe, name, () -> ByteString.EMPTY, false);
        this.grant = new EtcdGrant(
                session, this, spec, new FencingToken(revision, 0), EtcdGrant.Conditions.unchanged(key, revision));
        session.execute(() -> {
            if (session.isOpen()) {
                session.attach(onSessionEnd);
            } else {
                sessionEnded(LossReason.EXPIRED);
            }
        });
    }

    private Compare guard() {
        return ClaimTxns.modIs(key, revision);
    }

    /** What whoever holds it has. */
    public EtcdGrant grant() {
        return grant;
    }

    /**
     * As {@link EtcdGrant#release}, by a transaction of the caller's: the answer is true only if that was applied, and not what
     * another thread gave it back by.
     *
     * @param txn without the guard
     */
    public boolean release(TxnRequest txn) {
        return grant.release(() -> ending = txn);
    }

    /** {@link #release} without blocking. */
    public CompletableFuture<Boolean> releaseAsync(TxnRequest txn) {
        return grant.releaseAsync(() -> ending = txn);
    }

    /** Takes it from its holder, who is told so, and gives it back. */
    public void revoke(LossReason why) {
        session.execute(() -> {
            if (grant.isHeld()) {
                session.detach(onSessionEnd);
                grant.lose();
                grant.tellLost(why);
                Completion.of(commit(givingBack), (outcome, failure) -> {});
            }
        });
    }

    private void sessionEnded(LossReason reason) {
        grant.lose();
        grant.tellLost(reason);
    }

    @Override
    public CompletableFuture<Boolean> close(EtcdGrant of, boolean clean) {
        session.detach(onSessionEnd);
        CompletableFuture<Boolean> wasHeld = new CompletableFuture<>();
        Completion.of(commit(ending == null ? givingBack : ending), (outcome, failure) -> {
            if (failure == null) {
                if (outcome.applied()) {
                    session.execute(() -> onEnd.accept(outcome.revision()));
                }
                wasHeld.complete(outcome.applied());
            } else if (!session.isOpen() && (ending == null || !(failure instanceof UnknownOutcome))) {
                wasHeld.complete(false); // it is given back with the session; but what else it did may have been done
            } else {
                wasHeld.completeExceptionally(failure(failure));
                // Nobody holds it any more. What is still unknown is refused by etcd if it comes after this.
                Completion.of(commit(givingBack), (back, again) -> {});
            }
        });
        return wasHeld;
    }

    private Throwable failure(Throwable failure) {
        String name = grant.spec().name();
        if (failure instanceof UnknownOutcome unknown) {
            return unknown.toException(grant.spec().recipe(), name);
        }
        return failure instanceof CallFailure call
                ? call.toException(grant.spec().recipe(), name)
                : failure;
    }

    /** Once at most, and until it is answered: what is held must not stay so because of an answer that was lost. */
    private CompletableFuture<Outcome> commit(TxnRequest txn) {
        CompletableFuture<Outcome> result = session.calls().answeredAtLatestByClose(new CompletableFuture<>());
        TxnRequest guarded = txn.toBuilder().addCompare(guard()).build();
        session.engine().receipts().commit(guarded, session::isOpen, result);
        return result;
    }

    /** A guarded write was refused: the key is gone, or not as it was. */
    @Override
    public void recheck() {
        TxnRequest read = TxnRequest.newBuilder()
                .addSuccess(ClaimTxns.op(ClaimTxns.key(key)))
                .build();
        session.onAnswer(session.calls().untilAnswered(read, session::isOpen), (response, failure) -> {
            if (failure == null
                    && response.getResponses(0).getResponseRange().getKvsList().stream()
                            .noneMatch(kv -> kv.getModRevision() == revision)) {
                session.whyRemoved(reason -> {
                    session.detach(onSessionEnd);
                    grant.lose();
                    grant.tellLost(reason);
                });
            }
        });
    }

    @Override
    public CompletableFuture<Boolean> rewrite(EtcdGrant of, ByteString value) {
        throw new IllegalStateException(of.spec().name() + " is no election");
    }
}
