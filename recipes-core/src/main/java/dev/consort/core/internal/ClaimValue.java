/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.OutcomeUnknownException;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one claim's key holds, and how it is told from a foreign key of the same name. A mutex's is put once; an
 * election's is changed by proclaims, one after the other, each guarded by the mod revision that the one before left, so
 * that a late attempt cannot undo a later proclaim.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class ClaimValue {
    private static final CompletableFuture<Boolean> NONE = CompletableFuture.completedFuture(true);

    private final EtcdSession session;
    private final QueueKeys keys;
    private final String recipe;
    private final Owner owner;
    private final long revision;
    private @Nullable ByteString value;
    private long modRevision;
    private boolean rewritten;
    private boolean over;
    private CompletableFuture<Boolean> last = NONE;

    /** Whose key it is. */
    interface Owner {
        /** A rewrite has found it gone. */
        void gone();
    }

    /** Of a claim that was put. */
    ClaimValue(
            EtcdSession session,
            QueueKeys keys,
            String recipe,
            long revision,
            long modRevision,
            ByteString value,
            Owner owner) {
        this.session = session;
        this.keys = keys;
        this.recipe = recipe;
        this.revision = revision;
        this.modRevision = modRevision;
        this.value = value;
        this.owner = owner;
    }

    /** An overwrite keeps the create revision, so a claim that we never rewrite is known by its mod revision too. */
    boolean isIn(KeyValue kv) {
        return kv.getCreateRevision() == revision
                && kv.getLease() == session.leaseId()
                && (rewritten || kv.getModRevision() == modRevision);
    }

    boolean isRewritten() {
        return rewritten;
    }

    boolean holds(ByteString wanted) {
        return wanted.equals(value);
    }

    long modRevision() {
        return modRevision;
    }

    ByteString value() {
        return Objects.requireNonNull(value, "forgotten");
    }

    /** It is not asked for any more, unless it is put anew. */
    void forget() {
        value = null;
    }

    /** The claim is no longer held. */
    void end() {
        over = true;
    }

    /** Puts another value, after any rewrite before; false if the claim is no longer ours. */
    CompletableFuture<Boolean> rewrite(ByteString newValue, List<RequestOp> besides) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        CompletableFuture<Boolean> earlier = last;
        last = done;
        rewritten = true;
        Completion.of(earlier, (ours, failure) -> session.execute(() -> attempt(newValue, besides, done)));
        return done;
    }

    private void attempt(ByteString newValue, List<RequestOp> besides, CompletableFuture<Boolean> done) {
        if (over) {
            done.complete(false);
            return;
        }
        TxnRequest request = ClaimTxns.rewrite(keys, revision, modRevision, newValue, session.leaseId(), besides);
        AtomicBoolean repeated = new AtomicBoolean();
        BooleanSupplier wanted = () -> {
            repeated.set(true); // asked after an attempt that was not answered
            return session.isOpen();
        };
        session.onAnswer(session.calls().untilAnswered(request, wanted), (response, failure) -> {
            if (failure != null) {
                done.completeExceptionally(
                        repeated.get() ? unknown(failure) : failure.toException(recipe, keys.name()));
            } else if (response.getSucceeded()) {
                modRevision = response.getHeader().getRevision();
                value = newValue;
                done.complete(true);
            } else {
                onRefused(response, newValue, besides, repeated.get(), done);
            }
        });
    }

    /** An earlier attempt may be what changed the key: then it is done. */
    private void onRefused(
            TxnResponse response,
            ByteString newValue,
            List<RequestOp> besides,
            boolean repeated,
            CompletableFuture<Boolean> done) {
        List<KeyValue> mine = response.getResponses(0).getResponseRange().getKvsList();
        if (mine.isEmpty() || !isIn(mine.get(0))) {
            if (!over) {
                owner.gone();
            }
            if (repeated) {
                done.completeExceptionally(unknown(null));
            } else {
                done.complete(false);
            }
            return;
        }
        modRevision = mine.get(0).getModRevision();
        value = mine.get(0).getValue();
        if (holds(newValue)) {
            done.complete(true);
        } else {
            attempt(newValue, besides, done);
        }
    }

    private OutcomeUnknownException unknown(@Nullable CallFailure failure) {
        return new OutcomeUnknownException(
                recipe,
                keys.name(),
                "it ended before etcd said whether the new value had been put; read before writing",
                failure);
    }
}
