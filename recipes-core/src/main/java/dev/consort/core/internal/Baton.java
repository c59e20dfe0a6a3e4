/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.ClaimRule.Next;
import dev.consort.core.internal.ClaimTxns.Letter;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Removing a claim and telling those that it grants by going, as a thread passes an MCS lock on: one commit if they
 * are known; else one that deletes and reads, and one that tells.
 *
 * <p>Concurrency: confined to the session's serializer; futures complete on it.
 */
final class Baton {
    /** How often heads may vanish under our hands before the rest is left to the watch that each waiter has. */
    private static final int MAX_REFUSALS = 16;

    /** As many as a transaction of 128 compares carries. */
    private static final int MAX_LETTERS = 40;

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
        if (next.granted().isEmpty() || next.granted().size() > MAX_LETTERS) {
            releaseAndRead(revision, marked, false, removed);
            return removed;
        }
        TxnRequest tell = ClaimTxns.tell(keys, letters(next.granted(), following, following.size()), next.stopper());
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
                            new Telling(revision, marked).onRefused(told, next.granted(), Optional.empty());
                        }
                    } else {
                        removed.complete(false);
                        new Telling(revision, marked).readBy(response.getResponses(0));
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
                    new Telling(revision, marked).readBy(response.getResponses(ours ? 1 : 0));
                });
    }

    /** A claim was removed: reads who is there, and tells those whom that grants. */
    void tellAfter(long removed) {
        new Telling(removed, false).read(ClaimTxns.FOLLOWING_LIMIT);
    }

    /** A held claim was marked: tells those whom that lets in. */
    void tellMarked(long revision) {
        Telling telling = new Telling(revision, false);
        telling.told = revision;
        telling.read(ClaimTxns.FOLLOWING_LIMIT);
    }

    /** The claim is gone, and its mark may be there still; if etcd does not say, the lease's end removes it. */
    void deleteMark() {
        var unused = session.calls().untilAnswered(ClaimTxns.deleteMark(keys, session.leaseId()), session::isOpen);
    }

    /** A claim has found by itself that it is granted: tells those behind it, for whoever should have may be dead. */
    void tellBehind(long revision) {
        Telling telling = new Telling();
        telling.told = revision;
        telling.read(ClaimTxns.FOLLOWING_LIMIT);
    }

    /** More are granted than before: tells all. */
    void tellGranted() {
        new Telling().read(ClaimTxns.FOLLOWING_LIMIT);
    }

    private List<Letter> letters(List<QueuedClaim> to, List<QueuedClaim> claims, int granted) {
        // Of those granted together nobody passes the baton on without reading.
        List<QueuedClaim> following =
                to.size() > 1 ? List.of() : claims.subList(claims.indexOf(to.get(0)) + 1, claims.size());
        return to.stream()
                .map(claim -> {
                    long lease = keys.rule().lease(claim).orElseThrow();
                    Message message = claims.indexOf(claim) < granted
                            ? new Message(keys.name(), claim.revision(), following)
                            : Message.look(keys.name(), claim.revision());
                    return new Letter(claim, keys.key(claim), lease, session.mailboxKey(lease), message);
                })
                .toList();
    }

    /** Telling those whom the end of one claim grants, after reading who is there. */
    private final class Telling {
        private final @Nullable QueuedClaim left;
        private @Nullable Set<QueuedClaim> known; // as it was read first
        private int refusals;
        private boolean singly; // since one of several could not be told
        private long told; // up to this revision

        Telling(long revision, boolean marked) {
            ByteString own = keys.own().substring(keys.prefix().size());
            left = new QueuedClaim(marked ? keys.rule().mark(session.leaseId()).orElse(own) : own, revision);
        }

        Telling() {
            left = null;
        }

        void readBy(ResponseOp op) {
            RangeResponse range = op.getResponseRange();
            if (range.getCount() <= range.getKvsCount()) {
                tell(keys.inOrder(range), true);
            } else {
                // More than a message carries: let the server sort, outside of any transaction.
                read(ClaimTxns.FOLLOWING_LIMIT);
            }
        }

        private void read(int limit) {
            session.onAnswer(
                    session.calls().range(keys.rule().all(keys, limit), session::isOpen), (sorted, failure) -> {
                        if (failure == null) {
                            tell(keys.inOrder(sorted), sorted.getCount() <= sorted.getKvsCount());
                        }
                    });
        }

        private void tell(List<QueuedClaim> claims, boolean all) {
            int granted = keys.rule().granted(claims);
            if (granted == claims.size() && !all && (left == null || keys.rule().mayGrantBeyond(left))) {
                read(2 * claims.size()); // those granted may be more than were read
                return;
            }
            List<QueuedClaim> next = untold(claims, granted);
            if (next.isEmpty()) {
                return;
            }
            Optional<QueuedClaim> condition = keys.rule().condition(claims);
            TxnRequest request = ClaimTxns.tell(keys, letters(next, claims, granted), condition.orElse(null));
            session.onAnswer(session.calls().untilAnswered(request, session::isOpen), (response, failure) -> {
                if (failure == null && !response.getSucceeded()) {
                    onRefused(response, next, condition);
                } else {
                    // A failure says that a lease is gone: its key goes too, which those behind it see.
                    singly |= failure != null;
                    if (failure == null || next.size() == 1) {
                        told = next.get(next.size() - 1).revision();
                    }
                    tell(claims, all);
                }
            });
        }

        /** Not all of them are there, or somebody has no mailbox, being no program of ours. */
        void onRefused(TxnResponse response, List<QueuedClaim> to, Optional<QueuedClaim> condition) {
            ResponseOp read = response.getResponses(0);
            List<QueuedClaim> now = keys.inOrder(read.getResponseRange());
            if (to.size() == 1
                    && now.contains(to.get(0))
                    && condition.map(now::contains).orElse(true)) {
                told = to.get(0).revision();
            }
            singly |= to.size() > 1;
            if (++refusals < MAX_REFUSALS) {
                readBy(read);
            }
        }

        /**
         * Whoever was granted before knows it, or is told by the one whose end granted it: (!) before what was read first,
         * for others may have left since.
         */
        private List<QueuedClaim> untold(List<QueuedClaim> claims, int granted) {
            Set<QueuedClaim> knowing = known == null ? grantedBefore(claims) : known;
            known = knowing;
            List<QueuedClaim> untold = claims.subList(0, granted).stream()
                    .filter(claim -> claim.revision() > told && !knowing.contains(claim))
                    .collect(Collectors.toCollection(ArrayList::new));
            // (!) The first that waits now would not see that the one before it was granted.
            if (keys.rule().firstIsTold() && granted < claims.size() && (told > 0 || !untold.isEmpty())) {
                QueuedClaim first = claims.get(granted);
                if (first.revision() > told && keys.rule().lease(first).isPresent()) {
                    untold.add(first);
                }
            }
            return untold.subList(0, Math.min(untold.size(), singly ? 1 : MAX_LETTERS));
        }

        private Set<QueuedClaim> grantedBefore(List<QueuedClaim> claims) {
            QueuedClaim gone = left;
            if (gone == null) {
                return Set.copyOf(keys.rule().condition(claims).stream().toList());
            }
            List<QueuedClaim> before = keys.rule()
                    .claims(Stream.concat(
                                    claims.stream().filter(claim -> claim.revision() != gone.revision()),
                                    Stream.of(gone))
                            .sorted(Comparator.comparingLong(QueuedClaim::revision))
                            .toList());
            return Set.copyOf(before.subList(0, keys.rule().granted(before)));
        }
    }
}
