/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.ReceiptLease.Receipt;
import dev.consort.core.internal.Store.Outcome;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Transactions with a receipt. Each also puts a key of this connection, and only while that key is as the one before left it:
 * so it is applied once, however often it is sent, and by reading the key it is known whether it was. If its comparisons did
 * not hold while an earlier attempt may still be on its way, the key is changed, which ends that one (a fence), before "not
 * applied" is said.
 *
 * <p>A receipt serves one transaction at a time, and there are as many as were ever written at once. They are leased, and go
 * when the connection is closed or idle.
 *
 * <p>Thread-safe.
 */
final class Receipts {
    private static final ByteString FENCE = ByteString.copyFromUtf8("!");

    private final EtcdConnection connection;
    private final Calls calls;
    private final AtomicLong written = new AtomicLong();
    private final AtomicReference<@Nullable CompletableFuture<ReceiptLease>> lease = new AtomicReference<>();

    Receipts(EtcdConnection connection) {
        this.connection = connection;
        this.calls = connection.calls();
    }

    /** Completes with what became of it, or with an {@link UnknownOutcome}, or with what refused it. */
    void commit(TxnRequest request, BooleanSupplier wanted, CompletableFuture<Outcome> result) {
        Completion.of(lease(wanted), (granted, failure) -> {
            if (failure == null) {
                new Commit(request, granted, wanted, result).send();
            } else {
                result.completeExceptionally(failure); // nothing was sent
            }
        });
    }

    private CompletableFuture<ReceiptLease> lease(BooleanSupplier wanted) {
        CompletableFuture<ReceiptLease> current = lease.get();
        if (current != null && isOfUse(current)) {
            return current;
        }
        CompletableFuture<ReceiptLease> next = new CompletableFuture<>();
        if (!lease.compareAndSet(current, next)) {
            return lease(wanted);
        }
        Completion.forward(ReceiptLease.grant(connection, wanted), next);
        return next;
    }

    private static boolean isOfUse(CompletableFuture<ReceiptLease> lease) {
        return !lease.isDone()
                || (!lease.isCompletedExceptionally() && lease.join().isAlive());
    }

    /** Revokes the lease, if there is one. */
    CompletableFuture<?> close(BooleanSupplier wanted) {
        CompletableFuture<ReceiptLease> last = lease.get();
        return last == null
                ? CompletableFuture.completedFuture(null)
                : last.thenCompose(granted -> granted.revoke(wanted));
    }

    /** What is decided once, by an attempt that begins or by the end of the first one. */
    private enum Sending {
        ONCE,
        /** One of the attempts may come late. */
        AGAIN,
        ENDED
    }

    /** One transaction. Its steps come one after another. */
    private final class Commit {
        private final TxnRequest request;
        private final ReceiptLease granted;
        private final Receipt receipt;
        private final ByteString mark = ByteString.copyFromUtf8(String.valueOf(written.incrementAndGet()));
        private final BooleanSupplier wanted;
        private final CompletableFuture<Outcome> result;
        private final AtomicReference<Sending> sending = new AtomicReference<>(Sending.ONCE);

        Commit(TxnRequest request, ReceiptLease granted, BooleanSupplier wanted, CompletableFuture<Outcome> result) {
            this.request = request;
            this.granted = granted;
            this.receipt = granted.take();
            this.wanted = wanted;
            this.result = result;
        }

        void send() {
            Completion.of(
                    calls.untilAnswered(
                            request.toBuilder()
                                    .addCompare(ClaimTxns.modIs(receipt.key, receipt.revision))
                                    .addSuccess(ClaimTxns.put(receipt.key, mark, granted.id()))
                                    .addFailure(ClaimTxns.op(ClaimTxns.key(receipt.key)))
                                    .build(),
                            this::wantedAgain),
                    (response, failure) -> {
                        if (failure == null) {
                            answered(response);
                        } else {
                            failed(failure);
                        }
                    });
        }

        private boolean wantedAgain() {
            return wanted.getAsBoolean()
                    && (sending.compareAndSet(Sending.ONCE, Sending.AGAIN) || sending.get() == Sending.AGAIN);
        }

        private boolean sentAgain() {
            return !sending.compareAndSet(Sending.ONCE, Sending.ENDED) && sending.get() == Sending.AGAIN;
        }

        private void answered(TxnResponse response) {
            if (response.getSucceeded()) {
                done(
                        response.getHeader().getRevision(),
                        new Outcome(true, response.getHeader().getRevision(), response));
                return;
            }
            Optional<KeyValue> found = last(response);
            long revision = found.map(KeyValue::getModRevision).orElse(0L);
            if (found.isPresent() && found.get().getValue().equals(mark)) {
                done(revision, new Outcome(true, revision, null));
            } else if (revision != receipt.revision) {
                gone(CallFailure.ended("the receipt is gone, with its lease or by somebody who deleted it"));
            } else if (sentAgain()) {
                fence(new Outcome(false, response.getHeader().getRevision(), response));
            } else {
                done(revision, new Outcome(false, response.getHeader().getRevision(), response));
            }
        }

        private static Optional<KeyValue> last(TxnResponse response) {
            RangeResponse range =
                    response.getResponses(response.getResponsesCount() - 1).getResponseRange();
            return range.getKvsList().stream().findFirst();
        }

        private void failed(Throwable failure) {
            if (!(failure instanceof CallFailure call)) {
                result.completeExceptionally(failure);
            } else if (call.kind() == CallFailure.Kind.LEASE_GONE) {
                whoseIsGone(call);
            } else if (sentAgain() || call.kind() == CallFailure.Kind.AMBIGUOUS) {
                result.completeExceptionally(new UnknownOutcome(call));
            } else {
                granted.giveBack(receipt);
                result.completeExceptionally(call);
            }
        }

        /** Etcd does not say which lease is gone: that of the receipts, or one that the request names. */
        private void whoseIsGone(CallFailure why) {
            Completion.of(granted.stands(wanted), (stands, failure) -> {
                if (failure != null || !stands) {
                    gone(why);
                } else if (sentAgain()) {
                    result.completeExceptionally(new UnknownOutcome(why)); // it may have been there before
                } else {
                    granted.giveBack(receipt);
                    result.completeExceptionally(why);
                }
            });
        }

        /** The lease is gone, and what was sent but once was refused with it. */
        private void gone(CallFailure why) {
            granted.lost();
            if (sentAgain()) {
                result.completeExceptionally(new UnknownOutcome(why));
            } else if (wanted.getAsBoolean()) {
                commit(request, wanted, result);
            } else {
                result.completeExceptionally(CallFailure.noTimeLeft(why));
            }
        }

        /** Ends what may still be on its way; what came before that is seen by it. */
        private void fence(Outcome refused) {
            ByteString fence = mark.concat(FENCE);
            TxnRequest txn = TxnRequest.newBuilder()
                    .addCompare(ClaimTxns.modIs(receipt.key, receipt.revision))
                    .addSuccess(ClaimTxns.put(receipt.key, fence, granted.id()))
                    .addFailure(ClaimTxns.op(ClaimTxns.key(receipt.key)))
                    .build();
            Completion.of(calls.untilAnswered(txn, wanted), (response, failure) -> {
                if (failure != null) {
                    result.completeExceptionally(
                            failure instanceof CallFailure call ? new UnknownOutcome(call) : failure);
                } else if (response.getSucceeded()) {
                    done(response.getHeader().getRevision(), refused);
                } else {
                    seen(last(response), fence, refused);
                }
            });
        }

        private void seen(Optional<KeyValue> found, ByteString fence, Outcome refused) {
            if (found.isPresent() && found.get().getValue().equals(mark)) {
                long revision = found.get().getModRevision();
                done(revision, new Outcome(true, revision, null));
            } else if (found.isPresent() && found.get().getValue().equals(fence)) {
                done(found.get().getModRevision(), refused);
            } else {
                gone(CallFailure.ended("the receipt is gone, with its lease or by somebody who deleted it"));
            }
        }

        private void done(long revision, Outcome outcome) {
            receipt.revision = revision;
            granted.giveBack(receipt);
            result.complete(outcome);
        }
    }
}
