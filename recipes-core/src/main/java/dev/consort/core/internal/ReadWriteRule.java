/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Readers together, a writer alone, in the order in which they came: {@code <name>/read:<hex lease>} and {@code
 * <name>/write:<hex lease>}. A writer that has become a reader keeps its place in the queue, and its key, beside which
 * {@code <name>/kept:<hex lease>} marks it.
 */
enum ReadWriteRule implements ClaimRule {
    /** Granted when no write is before it. */
    READ("read:") {
        @Override
        public List<RangeRequest.Builder> whenMade(QueueKeys keys) {
            return List.of(ClaimTxns.prefix(keys.prefix().concat(WRITE.kind()), 2), marks(keys));
        }

        @Override
        public Verdict made(QueueKeys keys, List<RangeResponse> read) {
            return isKept(keys, read) ? Verdict.GRANTED : verdict(keys, read.subList(0, 1), 0);
        }

        @Override
        public List<RangeRequest.Builder> whenChecked(QueueKeys keys, long revision) {
            return List.of(
                    ClaimTxns.lastBefore(ClaimTxns.prefix(keys.prefix().concat(WRITE.kind()), 1), revision),
                    marks(keys));
        }

        @Override
        public Verdict checked(QueueKeys keys, List<RangeResponse> read) {
            return isKept(keys, read) ? Verdict.GRANTED : super.checked(keys, read.subList(0, 1));
        }

        /** One at most that counts, and those that were left when somebody deleted their claims. */
        private RangeRequest.Builder marks(QueueKeys keys) {
            return ClaimTxns.prefix(keys.prefix().concat(KEPT), 0);
        }

        /** Whether the only write there may be before a read is that of a writer that has become a reader: the first of all. */
        private static boolean isKept(QueueKeys keys, List<RangeResponse> read) {
            if (read.get(0).getKvsCount() != 1) {
                return false;
            }
            OptionalLong lease =
                    leaseAfter(WRITE.kind(), suffix(keys, read.get(0).getKvs(0)));
            return read.get(1).getKvsList().stream()
                    .anyMatch(mark -> leaseAfter(KEPT, suffix(keys, mark)).equals(lease));
        }

        private static ByteString suffix(QueueKeys keys, KeyValue kv) {
            return kv.getKey().substring(keys.prefix().size());
        }

        /** Never: each of two last readers would count on the other one to tell. */
        @Override
        public Next next(List<QueuedClaim> following) {
            return Next.UNKNOWN;
        }
    },

    /** Granted when nothing is before it. */
    WRITE("write:") {
        /** All but (!) the marks, which are no claims: around them. */
        @Override
        public List<RangeRequest.Builder> whenMade(QueueKeys keys) {
            return aroundMarks(keys).stream().map(range -> range.setLimit(2)).toList();
        }

        @Override
        public Verdict made(QueueKeys keys, List<RangeResponse> read) {
            return verdict(keys, read, 1);
        }

        @Override
        public List<RangeRequest.Builder> whenChecked(QueueKeys keys, long revision) {
            return aroundMarks(keys).stream()
                    .map(range -> ClaimTxns.lastBefore(range, revision))
                    .toList();
        }

        private List<RangeRequest.Builder> aroundMarks(QueueKeys keys) {
            ByteString marks = keys.prefix().concat(KEPT);
            return List.of(
                    ClaimTxns.prefix(keys.prefix(), 0).setRangeEnd(marks),
                    ClaimTxns.prefix(keys.prefix(), 0).setKey(ClaimTxns.endOf(marks)));
        }

        @Override
        public Optional<ByteString> mark(long lease) {
            return Optional.of(KEPT.concat(SessionKeys.hex(lease)));
        }

        /** A write, or reads up to (!) one that is seen: readers beyond the end of the list would be forgotten. */
        @Override
        public Next next(List<QueuedClaim> following) {
            int granted = granted(following);
            if (granted == 1 && isWrite(following.get(0))) {
                return new Next(following.subList(0, 1), null);
            }
            return granted < following.size()
                    ? new Next(following.subList(0, granted), following.get(granted))
                    : Next.UNKNOWN;
        }
    };

    static final ByteString KEPT = ByteString.copyFromUtf8("kept:");

    private final ByteString kind;

    ReadWriteRule(String kind) {
        this.kind = ByteString.copyFromUtf8(kind);
    }

    ByteString kind() {
        return kind;
    }

    @Override
    public ByteString suffix(long lease) {
        return kind.concat(SessionKeys.hex(lease));
    }

    @Override
    public OptionalLong lease(QueuedClaim claim) {
        return Stream.of(READ.kind, WRITE.kind, KEPT)
                .map(kind -> leaseAfter(kind, claim.suffix()))
                .filter(OptionalLong::isPresent)
                .findFirst()
                .orElse(OptionalLong.empty());
    }

    private static OptionalLong leaseAfter(ByteString kind, ByteString suffix) {
        return suffix.startsWith(kind) ? SessionKeys.parseHex(suffix.substring(kind.size())) : OptionalLong.empty();
    }

    /** With the mark in the place of the claim that is marked. */
    @Override
    public List<QueuedClaim> claims(List<QueuedClaim> keysInOrder) {
        Set<OptionalLong> kept = keysInOrder.stream()
                .map(key -> leaseAfter(KEPT, key.suffix()))
                .filter(OptionalLong::isPresent)
                .collect(Collectors.toSet());
        if (kept.isEmpty()) {
            return keysInOrder;
        }
        return keysInOrder.stream()
                .filter(key -> !key.suffix().startsWith(KEPT))
                .map(key -> isWrite(key) && kept.contains(lease(key))
                        ? new QueuedClaim(KEPT.concat(key.suffix().substring(WRITE.kind.size())), key.revision())
                        : key)
                .toList();
    }

    static boolean isWrite(QueuedClaim claim) {
        return claim.suffix().startsWith(WRITE.kind);
    }

    /** Of reads of at most two claims each, so many of which are this one. */
    private static Verdict verdict(QueueKeys keys, List<RangeResponse> read, int own) {
        long ahead = read.stream().mapToLong(RangeResponse::getCount).sum() - own;
        if (ahead > 1) {
            return Verdict.unknown(ahead);
        }
        return ahead < 1 ? Verdict.GRANTED : Verdict.behind(inOrder(keys, read).get(0));
    }

    /** Behind the last of those that were read. */
    @Override
    public Verdict checked(QueueKeys keys, List<RangeResponse> read) {
        List<QueuedClaim> before = inOrder(keys, read);
        return before.isEmpty() ? Verdict.GRANTED : Verdict.behind(before.get(before.size() - 1));
    }

    /** Those that would be before a write that came now, or two of them. */
    static List<QueuedClaim> others(QueueKeys write, TxnResponse wouldBeMade) {
        return inOrder(
                write,
                wouldBeMade.getResponsesList().stream()
                        .map(ResponseOp::getResponseRange)
                        .toList());
    }

    private static List<QueuedClaim> inOrder(QueueKeys keys, List<RangeResponse> read) {
        return QueuedClaim.inOrder(
                read.stream().flatMap(range -> range.getKvsList().stream()).toList(), keys.prefix());
    }

    /** One of many readers need not know all the others: it lets in a writer at most, who is the first then. */
    @Override
    public boolean mayGrantBeyond(QueuedClaim left) {
        return isWrite(left);
    }

    @Override
    public int granted(List<QueuedClaim> inOrder) {
        int granted = 0;
        while (granted < inOrder.size()
                && lease(inOrder.get(granted)).isPresent()
                && (granted == 0 || !isWrite(inOrder.get(granted)))) {
            if (isWrite(inOrder.get(granted))) {
                return 1;
            }
            granted++;
        }
        return granted;
    }
}
