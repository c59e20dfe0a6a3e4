/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.internal.ClaimTxns.Letter;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Removing claims that were made in one transaction, and telling who is first behind each: one commit that deletes them all
 * and reads, and one that tells everybody.
 *
 * <p>Concurrency: confined to the session's serializer; futures complete on it.
 */
final class MultiBaton {
    /** As many as a transaction of 128 compares carries, if they are all for one session. */
    private static final int MAX_LETTERS = 40;

    private final EtcdSession session;
    private final List<QueueKeys> queues;

    MultiBaton(EtcdSession session, List<QueueKeys> queues) {
        this.session = session;
        this.queues = queues;
    }

    /** Completes with whether all claims of the revision existed until now, once their removal is certain. */
    CompletableFuture<Boolean> release(long revision) {
        CompletableFuture<Boolean> removed = new CompletableFuture<>();
        AtomicBoolean repeated = new AtomicBoolean();
        session.onAnswer(
                session.calls().untilAnswered(ClaimTxns.releaseAll(queues, revision, session.leaseId()), () -> {
                    repeated.set(true); // asked after an attempt that was not answered
                    return session.isOpen();
                }),
                (response, failure) -> {
                    if (failure != null) {
                        removed.completeExceptionally(failure);
                        return;
                    }
                    boolean ours = response.getResponsesList().stream()
                            .allMatch(each -> each.getResponseTxn().getSucceeded());
                    // Where an earlier attempt may have removed them, that one is gone does not mean that it was lost.
                    removed.complete(ours || repeated.get());
                    // (!) Also behind those that were gone: an attempt that was not answered may have removed them.
                    tell(revision, response);
                });
        return removed;
    }

    private void tell(long revision, TxnResponse released) {
        Map<Letter, QueueKeys> letters = new LinkedHashMap<>();
        for (int i = 0; i < queues.size(); i++) {
            QueueKeys keys = queues.get(i);
            TxnResponse each = released.getResponses(i).getResponseTxn();
            ResponseOp read = each.getResponses(each.getSucceeded() ? 1 : 0);
            RangeResponse range = read.getResponseRange();
            List<QueuedClaim> claims = keys.inOrder(range);
            if (range.getCount() > range.getKvsCount()) {
                new Baton(session, keys).tellAfter(revision);
            } else if (keys.rule().granted(claims) > 0
                    && claims.get(0).revision() > revision) { // else it was first before
                QueuedClaim first = claims.get(0);
                long lease = keys.rule().lease(first).orElseThrow();
                Message message = new Message(keys.name(), first.revision(), claims.subList(1, claims.size()));
                letters.put(new Letter(first, keys.key(first), lease, session.mailboxKey(lease), message), keys);
            }
        }
        List<Letter> all = List.copyOf(letters.keySet());
        for (int from = 0; from < all.size(); from += MAX_LETTERS) {
            send(revision, all.subList(from, Math.min(from + MAX_LETTERS, all.size())), letters);
        }
    }

    /** (!) One message for each mailbox: a transaction puts a key once, and one who waits for several names is often next. */
    private void send(long revision, List<Letter> some, Map<Letter, QueueKeys> queueOf) {
        Map<Long, List<Letter>> byLease = new LinkedHashMap<>();
        some.forEach(letter -> byLease.computeIfAbsent(letter.lease(), lease -> new ArrayList<>())
                .add(letter));
        List<List<Letter>> bySession = List.copyOf(byLease.values());
        session.onAnswer(
                session.calls().untilAnswered(ClaimTxns.tellAll(bySession), session::isOpen), (response, failure) -> {
                    for (int i = 0; i < bySession.size(); i++) {
                        // A failure says that a lease is gone, which fails the message to all others.
                        if (failure != null
                                || !response.getResponses(i).getResponseTxn().getSucceeded()) {
                            tellSingly(revision, bySession.get(i), queueOf);
                        }
                    }
                });
    }

    private void tellSingly(long revision, Collection<Letter> letters, Map<Letter, QueueKeys> queueOf) {
        letters.forEach(letter -> {
            QueueKeys keys = queueOf.get(letter);
            if (keys != null) {
                new Baton(session, keys).tellAfter(revision);
            }
        });
    }
}
