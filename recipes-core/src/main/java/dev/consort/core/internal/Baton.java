/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.ClaimRule.Next;
import dev.consort.core.internal.ClaimTxns.Letter;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Removing a claim and telling those that it grants by going, as a thread passes an MCS lock on: one commit if they
 * are known; else one that deletes and reads, and one that tells.
 *
 * <p>Concurrency: confined to the session's serializer; futures complete on it.
 */
final class Baton {
    private final EtcdSession session;
    private final QueueKeys keys;

    Baton(EtcdSession session, QueueKeys keys) {
        this.session = session;
        this.keys = keys;
    }

    /** Completes with whether the claim existed until now, once its removal is certain. */
    CompletableFuture<Boolean> release(long revision, List<QueuedClaim> following, boolean marked) {
        CompletableFuture<Boolean> removed = new CompletableFuture<>();
        Next next = keys.rule().next(following);
        if (next.granted().isEmpty() || next.granted().size() > Telling.MAX_LETTERS) {
            releaseAndRead(revision, marked, false, removed);
            return removed;
        }
        TxnRequest tell = ClaimTxns.tell(keys, letters(next.granted(), following), next.stopper());
        session.onAnswer(
                session.calls().txn(ClaimTxns.releaseAndTell(keys, revision, session.leaseId(), tell)),
                (response, failure) -> {
                    if (failure != null) {
                        // Ambiguous, or refused: a put for a dead lease fails the deletion too. The other form cannot.
                        releaseAndRead(revision, marked, failure.kind() == CallFailure.Kind.AMBIGUOUS, removed);
                    } else if (response.getSucceeded()) {
                        removed.complete(true);
                        TxnResponse told = response.getResponses(1).getResponseTxn();
                        if (!told.getSucceeded()) {
                            telling(revision, marked).insteadOf(next.granted(), told);
                        }
                    } else {
                        removed.complete(false);
                        telling(revision, marked).readBy(response.getResponses(0));
                    }
                });
        return removed;
    }

    /** The guard by the create revision makes it idempotent. */
    private void releaseAndRead(long revision, boolean marked, boolean maybeDone, CompletableFuture<Boolean> removed) {
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
                    telling(revision, marked).readBy(response.getResponses(ours ? 1 : 0));
                });
    }

    /** How passing a claim on has ended. */
    enum Passed {
        /** The claim is gone, and the chosen one granted. */
        ON,
        /** The chosen one is gone, and the claim is there. */
        NOT,
        /** The claim was removed by somebody else. */
        GONE
    }

    /**
     * Removes a claim and grants a chosen one that is right behind it. What is not known to have been done is sent until it is
     * answered: the guards make it idempotent. Fails if etcd refuses it; as unknown if an attempt before was not answered.
     */
    CompletableFuture<Passed> passOn(long revision, QueuedClaim chosen, List<QueuedClaim> following) {
        Letter letter = Telling.letter(session, keys, chosen, new Message(keys.name(), chosen.revision(), following));
        TxnRequest request = ClaimTxns.passOn(keys, revision, session.leaseId(), letter);
        AtomicBoolean repeated = new AtomicBoolean();
        CompletableFuture<Passed> passed = new CompletableFuture<>();
        session.onAnswer(
                session.calls().untilAnswered(request, () -> {
                    repeated.set(true); // asked after an attempt that was not answered
                    return session.isOpen();
                }),
                (response, failure) -> {
                    if (failure != null && failure.kind() == CallFailure.Kind.LEASE_GONE) {
                        passed.complete(Passed.NOT); // the chosen one's session is about to end
                    } else if (failure != null) {
                        passed.completeExceptionally(
                                repeated.get() && failure.kind() == CallFailure.Kind.FINAL
                                        ? CallFailure.ended("refused after an attempt that was not answered: "
                                                + failure.getMessage())
                                        : failure);
                    } else if (response.getSucceeded()) {
                        passed.complete(Passed.ON);
                    } else if (response.getResponses(0).getResponseRange().getCount() > 0) {
                        passed.complete(Passed.NOT);
                    } else {
                        passed.complete(repeated.get() ? Passed.ON : Passed.GONE);
                        // (!) The one who removed it may have been somebody else, who told nobody.
                        telling(revision, false).readBy(response.getResponses(1));
                    }
                });
        return passed;
    }

    /** A claim was removed: reads who is there, and tells those whom that grants. */
    void tellAfter(long removed) {
        telling(removed, false).begin();
    }

    /** A held claim was marked: tells those whom that lets in. */
    void tellMarked(long revision) {
        ByteString own = keys.own().substring(keys.prefix().size());
        new Telling(session, keys, new QueuedClaim(own, revision), revision).begin();
    }

    /** The claim is gone, and its mark may be there still; if etcd does not say, the lease's end removes it. */
    void deleteMark() {
        var unused = session.calls().untilAnswered(ClaimTxns.deleteMark(keys, session.leaseId()), session::isOpen);
    }

    /** A claim has found by itself that it is granted: tells those behind it, for whoever should have may be dead. */
    void tellBehind(long revision) {
        new Telling(session, keys, null, revision).begin();
    }

    /** More are granted than before: tells all. */
    void tellGranted() {
        new Telling(session, keys, null, 0).begin();
    }

    private List<Letter> letters(List<QueuedClaim> to, List<QueuedClaim> claims) {
        // Of those granted together nobody passes the baton on without reading.
        List<QueuedClaim> following =
                to.size() > 1 ? List.of() : claims.subList(claims.indexOf(to.get(0)) + 1, claims.size());
        return to.stream()
                .map(claim ->
                        Telling.letter(session, keys, claim, new Message(keys.name(), claim.revision(), following)))
                .toList();
    }

    private Telling telling(long revision, boolean marked) {
        ByteString own = keys.own().substring(keys.prefix().size());
        ByteString suffix = marked ? keys.rule().mark(session.leaseId()).orElse(own) : own;
        return new Telling(session, keys, new QueuedClaim(suffix, revision), 0);
    }
}
