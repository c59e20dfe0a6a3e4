/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
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
            return List.of(
                    ClaimTxns.prefix(keys.prefix().concat(WRITE.kind()), 2),
                    ClaimTxns.prefix(keys.prefix().concat(KEPT), 1));
        }

        @Override
        public Verdict made(QueueKeys keys, List<RangeResponse> read) {
            return isKept(keys, read) ? Verdict.GRANTED : verdict(keys, read.get(0), 0);
        }

        @Override
        public List<RangeRequest.Builder> whenChecked(QueueKeys keys, long revision) {
            return List.of(
                    ClaimTxns.lastBefore(keys.prefix().concat(WRITE.kind()), revision),
                    ClaimTxns.prefix(keys.prefix().concat(KEPT), 1));
        }

        @Override
        public Verdict checked(QueueKeys keys, List<RangeResponse> read) {
            return isKept(keys, read) ? Verdict.GRANTED : super.checked(keys, read);
        }

        /** Whether the only write there may be before a read is that of a writer that has become a reader: the first of all. */
        private static boolean isKept(QueueKeys keys, List<RangeResponse> read) {
            return read.get(0).getKvsCount() == 1
                    && read.get(1).getKvsCount() == 1
                    && leaseAfter(WRITE.kind(), suffix(keys, read.get(0)))
                            .equals(leaseAfter(KEPT, suffix(keys, read.get(1))));
        }

        private static ByteString suffix(QueueKeys keys, RangeResponse read) {
            return read.getKvs(0).getKey().substring(keys.prefix().size());
        }

        /** Never: each of two last readers would count on the other one to tell. */
        @Override
        public Next next(List<QueuedClaim> following) {
            return Next.UNKNOWN;
        }
    },

    /** Granted when nothing is before it. */
    WRITE("write:") {
        @Override
        public List<RangeRequest.Builder> whenMade(QueueKeys keys) {
            return List.of(ClaimTxns.prefix(keys.prefix(), 2));
        }

        @Override
        public Verdict made(QueueKeys keys, List<RangeResponse> read) {
            return verdict(keys, read.get(0), 1);
        }

        @Override
        public List<RangeRequest.Builder> whenChecked(QueueKeys keys, long revision) {
            return List.of(ClaimTxns.lastBefore(keys.prefix(), revision));
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

    private static final ByteString KEPT = ByteString.copyFromUtf8("kept:");

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

    /** Of a read of at most two claims, so many of which are this one. */
    private static Verdict verdict(QueueKeys keys, RangeResponse read, int own) {
        long ahead = read.getCount() - own;
        if (ahead > 1) {
            return Verdict.unknown(ahead);
        }
        return ahead < 1 ? Verdict.GRANTED : Verdict.behind(keys.inOrder(read).get(0));
    }

    @Override
    public Verdict checked(QueueKeys keys, List<RangeResponse> read) {
        List<QueuedClaim> before = keys.inOrder(read.get(0));
        return before.isEmpty() ? Verdict.GRANTED : Verdict.behind(before.get(0));
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
