/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.ClaimTxns.Letter;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.TxnRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks claims of ours to step back. Which ones are ours their sessions' mailboxes tell, which are as old as the claims are
 * and end with them.
 *
 * <p>Concurrency: confined to the session's serializer, but for futures, which complete on gRPC's thread.
 */
final class Asking {
    /** Each is read with its mailbox. */
    private static final int MAX_READ = ClaimTxns.MAX_OPERATIONS / 2;

    private final EtcdSession session;
    private final QueueKeys keys;
    private final BooleanSupplier wanted;
    private final Set<QueuedClaim> ours = new HashSet<>();

    Asking(EtcdSession session, QueueKeys keys, BooleanSupplier wanted) {
        this.session = session;
        this.keys = keys;
        this.wanted = wanted;
    }

    /** Those of some claims, in order, that are there and have no mailbox; null if that was not to be learnt. */
    interface Found {
        void foreign(List<QueuedClaim> foreign, @Nullable CallFailure failure);
    }

    /** Whether all were told; if not, one of them has gone, or the asking claim has. */
    interface Told {
        void all(boolean told, @Nullable CallFailure failure);
    }

    /** Which claims are foreign. */
    void foreign(List<QueuedClaim> claims, Found then) {
        List<QueuedClaim> unknown = claims.stream()
                .filter(claim -> !ours.contains(claim))
                .limit(MAX_READ)
                .toList();
        List<QueuedClaim> noClaims = unknown.stream()
                .filter(claim -> keys.rule().lease(claim).isEmpty())
                .toList();
        if (unknown.isEmpty() || !noClaims.isEmpty()) {
            then.foreign(noClaims, null);
            return;
        }
        List<ByteString> mailboxes = unknown.stream()
                .map(claim -> session.mailboxKey(keys.rule().lease(claim).orElseThrow()))
                .toList();
        session.onAnswer(
                session.calls().untilAnswered(ClaimTxns.withMailboxes(keys, unknown, mailboxes), wanted),
                (read, failure) -> {
                    if (failure != null) {
                        then.foreign(List.of(), failure);
                        return;
                    }
                    Set<QueuedClaim> foreign = new HashSet<>();
                    for (int i = 0; i < unknown.size(); i++) {
                        QueuedClaim claim = unknown.get(i);
                        List<KeyValue> there =
                                read.getResponses(2 * i).getResponseRange().getKvsList();
                        if (read.getResponses(2 * i + 1).getResponseRange().getCount() > 0) {
                            ours.add(claim);
                        } else if (!there.isEmpty() && there.get(0).getCreateRevision() == claim.revision()) {
                            foreign.add(claim);
                        } else {
                            ours.add(claim); // it has gone, and is in nobody's way
                        }
                    }
                    if (foreign.isEmpty()) {
                        foreign(claims, then);
                    } else {
                        then.foreign(claims.stream().filter(foreign::contains).toList(), null);
                    }
                });
    }

    /** Asks those that are ours, as long as the one on whose behalf is there: as many at once as a transaction carries. */
    void tell(List<QueuedClaim> claims, QueuedClaim onBehalf, Message.Request request, Told then) {
        if (claims.isEmpty()) {
            then.all(true, null);
            return;
        }
        List<QueuedClaim> part = claims.subList(0, Math.min(claims.size(), Telling.MAX_LETTERS));
        List<Letter> letters = part.stream()
                .map(claim ->
                        Telling.letter(session, keys, claim, Message.stepBack(keys.name(), claim.revision(), request)))
                .toList();
        TxnRequest letter = ClaimTxns.tell(keys, letters, onBehalf);
        session.onAnswer(session.calls().untilAnswered(letter, wanted), (response, failure) -> {
            if (failure != null && failure.kind() != CallFailure.Kind.LEASE_GONE) {
                then.all(false, failure);
            } else if (failure != null || !response.getSucceeded()) {
                then.all(false, null); // somebody has gone, or is about to
            } else {
                tell(claims.subList(part.size(), claims.size()), onBehalf, request, then);
            }
        });
    }
}
