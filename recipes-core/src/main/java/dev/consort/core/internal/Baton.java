/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Removing a claim and telling the next one that it is granted, as a thread passes an MCS lock on: one commit if the
 * next one is known; else one that deletes and reads, and one that tells.
 *
 * <p>Concurrency: confined to the session's serializer; futures complete on it.
 */
final class Baton {
    /** How many heads may vanish under our hands before the rest is left to the watch that each waiter has. */
    private static final int MAX_TELLS = 16;

    private final EtcdSession session;
    private final QueueKeys keys;

    Baton(EtcdSession session, QueueKeys keys) {
        this.session = session;
        this.keys = keys;
    }

    /** Completes with whether the claim existed until now, once its removal is certain. */
    CompletableFuture<Boolean> release(long revision, List<QueuedClaim> following) {
        CompletableFuture<Boolean> removed = new CompletableFuture<>();
        if (following.isEmpty() || following.get(0).lease().isEmpty()) {
            releaseAndRead(revision, false, removed);
            return removed;
        }
        TxnRequest tell = tell(following);
        session.onAnswer(
                session.calls().txn(ClaimTxns.releaseAndTell(keys, revision, session.leaseId(), tell)),
                (response, failure) -> {
                    if (failure != null) {
                        // Ambiguous, or refused: a put for a dead lease fails the deletion too. The other form cannot.
                        releaseAndRead(revision, failure.kind() == CallFailure.Kind.AMBIGUOUS, removed);
                    } else if (response.getSucceeded()) {
                        removed.complete(true);
                        onTold(response.getResponses(1).getResponseTxn(), following.get(0), 0);
                    } else {
                        removed.complete(false);
                        tellHead(response.getResponses(0), 0);
                    }
                });
        return removed;
    }

    /** The guard by the create revision makes it idempotent. */
    private void releaseAndRead(long revision, boolean maybeDone, CompletableFuture<Boolean> removed) {
        AtomicBoolean repeated = new AtomicBoolean(maybeDone);
        session.onAnswer(
                session.calls().untilAnswered(ClaimTxns.release(keys, revision, session.leaseId()), () -> {
                    repeated.set(true); // asked after an attempt that was not answered
                    return session.isOpen();
                }),
                (response, failure) -> {
                    if (failure != null) {
                        removed.completeExceptionally(failure);
                        return;
                    }
                    boolean ours = response.getSucceeded();
                    // Where an earlier attempt may have removed it, that it is gone does not mean that it was lost.
                    removed.complete(ours || repeated.get());
                    // (!) Also when the claim was gone: an attempt that was not answered may have removed it.
                    tellHead(response.getResponses(ours ? 1 : 0), 0);
                });
    }

    private void tellHead(ResponseOp read, int tells) {
        RangeResponse range = read.getResponseRange();
        if (range.getCount() <= range.getKvsCount()) {
            tellFirst(QueuedClaim.inOrder(range.getKvsList(), keys.prefix()), tells);
        } else {
            // More than a message carries: let the server sort, outside of any transaction.
            session.onAnswer(session.calls().range(ClaimTxns.first(keys), session::isOpen), (sorted, failure) -> {
                if (failure == null) {
                    tellFirst(QueuedClaim.inOrder(sorted.getKvsList(), keys.prefix()), tells);
                }
            });
        }
    }

    private void tellFirst(List<QueuedClaim> claims, int tells) {
        if (claims.isEmpty() || claims.get(0).lease().isEmpty() || tells >= MAX_TELLS) {
            return;
        }
        session.onAnswer(session.calls().untilAnswered(tell(claims), session::isOpen), (response, failure) -> {
            if (failure == null) {
                onTold(response, claims.get(0), tells + 1);
            }
            // Else its lease is gone: its key goes too, which the one behind it sees.
        });
    }

    private void onTold(TxnResponse response, QueuedClaim told, int tells) {
        if (!response.getSucceeded()) {
            ResponseOp read = response.getResponses(0);
            boolean foreign = read.getResponseRange().getKvsList().stream()
                    .anyMatch(kv -> kv.getKey().equals(keys.key(told)) && kv.getCreateRevision() == told.revision());
            if (!foreign) {
                tellHead(read, tells);
            }
        }
    }

    private TxnRequest tell(List<QueuedClaim> claims) {
        QueuedClaim next = claims.get(0);
        long lease = next.lease().orElseThrow();
        ByteString mailbox = session.mailboxKey(lease);
        return ClaimTxns.tell(
                keys,
                next,
                mailbox,
                lease,
                new Message(keys.name(), next.revision(), claims.subList(1, claims.size())));
    }
}
