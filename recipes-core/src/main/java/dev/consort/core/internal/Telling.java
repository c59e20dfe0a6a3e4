/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Telling those whom the end of one claim grants, after reading who is there: all in one transaction if it carries them, else
 * in parts. Where a rule says that the first who waits is told so, (!) each part tells the one right behind it to look: the
 * teller may die before the next part, and that one would not learn that the one before it was granted.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class Telling {
    /** How often heads may vanish under our hands before the rest is left to the watch that each waiter has. */
    private static final int MAX_REFUSALS = 16;

    /** As many as a transaction of 128 compares carries. */
    static final int MAX_LETTERS = 40;

    private final EtcdSession session;
    private final QueueKeys keys;
    private final @Nullable QueuedClaim left;
    private @Nullable Set<QueuedClaim> known; // as it was read first
    private @Nullable Part refused;
    private int refusals;
    private boolean several; // are granted
    private boolean singly; // since one of several could not be told
    private long alone; // is to be told without the one behind it
    private long told; // of those granted, up to this revision
    private long looked; // told to look

    /** Who is told by one transaction. */
    private record Part(List<QueuedClaim> granted, Optional<QueuedClaim> behind, Optional<QueuedClaim> condition) {
        boolean isEmpty() {
            return granted.isEmpty() && behind.isEmpty();
        }

        long last() {
            return granted.get(granted.size() - 1).revision();
        }
    }

    /**
     * Of the end of a claim, or of what it has become.
     *
     * @param left what was there before; null if nothing was, and all that are granted are to be told
     * @param told the revision up to which all know
     */
    Telling(EtcdSession session, QueueKeys keys, @Nullable QueuedClaim left, long told) {
        this.session = session;
        this.keys = keys;
        this.left = left;
        this.told = told;
    }

    /** Begins by reading. */
    void begin() {
        read(ClaimTxns.FOLLOWING_LIMIT);
    }

    /** Begins with what was read within a transaction. */
    void readBy(ResponseOp op) {
        RangeResponse range = op.getResponseRange();
        if (range.getCount() <= range.getKvsCount()) {
            tell(keys.inOrder(range), true);
        } else {
            // More than a message carries: let the server sort, outside of any transaction.
            read(ClaimTxns.FOLLOWING_LIMIT);
        }
    }

    /** Begins after those that were known to follow could not be told, not all of them being there. */
    void insteadOf(List<QueuedClaim> wrong, TxnResponse response) {
        singly = wrong.size() > 1;
        readBy(response.getResponses(0));
    }

    private void read(int limit) {
        session.onAnswer(session.calls().range(keys.rule().all(keys, limit), session::isOpen), (sorted, failure) -> {
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
        Part part = next(claims, granted);
        if (part.equals(refused)) {
            tellFewer(part); // they are there: somebody has no mailbox, being no program of ours
            part = next(claims, granted);
        }
        if (!part.isEmpty()) {
            send(part, claims, granted, all);
        }
    }

    private void send(Part part, List<QueuedClaim> claims, int granted, boolean all) {
        TxnRequest request = ClaimTxns.tell(keys, letters(part, claims, granted), part.condition.orElse(null));
        session.onAnswer(session.calls().untilAnswered(request, session::isOpen), (response, failure) -> {
            if (failure != null) {
                tellFewer(part); // a lease is gone: its key goes too, which those behind it see
                tell(claims, all);
            } else if (response.getSucceeded()) {
                told = part.granted.isEmpty() ? told : part.last();
                part.behind.ifPresent(behind -> looked = behind.revision());
                tell(claims, all);
            } else if (++refusals < MAX_REFUSALS) {
                refused = part;
                singly |= part.granted.size() > 1;
                readBy(response.getResponses(0));
            }
        });
    }

    /** One of them cannot be told. Who is left out by that finds out by its watch. */
    private void tellFewer(Part part) {
        if (part.granted.size() > 1) {
            singly = true;
        } else if (part.granted.isEmpty()) {
            looked = part.behind.orElseThrow().revision();
        } else if (part.behind.isPresent()) {
            alone = part.last();
        } else {
            told = part.last();
        }
    }

    private Part next(List<QueuedClaim> claims, int granted) {
        List<QueuedClaim> untold = untold(claims, granted);
        several |= untold.size() > 1;
        boolean tellsFirst = keys.rule().firstIsTold();
        int most = singly ? 1 : tellsFirst ? MAX_LETTERS - 1 : MAX_LETTERS;
        List<QueuedClaim> part = untold.subList(0, Math.min(untold.size(), most));
        int end = part.isEmpty() ? granted : claims.indexOf(part.get(part.size() - 1)) + 1;
        boolean isAlone = part.size() == 1 && part.get(0).revision() == alone;
        Optional<QueuedClaim> behind = tellsFirst && !isAlone && (told > 0 || !part.isEmpty()) && end < claims.size()
                ? Optional.of(claims.get(end))
                        .filter(claim -> claim.revision() > Math.max(told, looked)
                                && keys.rule().lease(claim).isPresent())
                : Optional.empty();
        return new Part(part, behind, keys.rule().condition(claims));
    }

    /**
     * Whoever was granted before knows it, or is told by the one whose end granted it: (!) before what was read first, for
     * others may have left since.
     */
    private List<QueuedClaim> untold(List<QueuedClaim> claims, int granted) {
        Set<QueuedClaim> knowing = known == null ? grantedBefore(claims) : known;
        known = knowing;
        return claims.subList(0, granted).stream()
                .filter(claim -> claim.revision() > told && !knowing.contains(claim))
                .toList();
    }

    private Set<QueuedClaim> grantedBefore(List<QueuedClaim> claims) {
        QueuedClaim gone = left;
        if (gone == null) {
            return Set.copyOf(keys.rule().condition(claims).stream().toList());
        }
        List<QueuedClaim> before = keys.rule()
                .claims(Stream.concat(
                                claims.stream().filter(claim -> claim.revision() != gone.revision()), Stream.of(gone))
                        .sorted(Comparator.comparingLong(QueuedClaim::revision))
                        .toList());
        return Set.copyOf(before.subList(0, keys.rule().granted(before)));
    }

    private List<Letter> letters(Part part, List<QueuedClaim> claims, int granted) {
        List<Letter> letters = new ArrayList<>();
        for (QueuedClaim claim : part.granted) {
            letters.add(letter(
                    session, keys, claim, new Message(keys.name(), claim.revision(), behind(claim, claims, granted))));
        }
        part.behind.ifPresent(
                claim -> letters.add(letter(session, keys, claim, Message.look(keys.name(), claim.revision()))));
        return letters;
    }

    /** Of those granted together nobody passes the baton on without reading; under some rules nobody ever does. */
    private List<QueuedClaim> behind(QueuedClaim claim, List<QueuedClaim> claims, int granted) {
        if (keys.rule().firstIsTold()) {
            return claims.subList(
                    granted, Math.min(granted + 1, claims.size())); // that somebody waits is worth knowing
        }
        return several ? List.of() : claims.subList(claims.indexOf(claim) + 1, claims.size());
    }

    static Letter letter(EtcdSession session, QueueKeys keys, QueuedClaim to, Message message) {
        long lease = keys.rule().lease(to).orElseThrow();
        ByteString mailbox = session.mailboxKey(lease);
        return new Letter(to, keys.key(to), lease, mailbox, message);
    }
}
