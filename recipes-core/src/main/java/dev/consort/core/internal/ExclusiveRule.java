/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.util.List;
import java.util.OptionalLong;

/** One at a time, first come first served: mutex and election. The layout is etcd's own. */
final class ExclusiveRule implements ClaimRule {
    static final ClaimRule INSTANCE = new ExclusiveRule();

    private ExclusiveRule() {}

    @Override
    public ByteString suffix(long lease) {
        return SessionKeys.hex(lease);
    }

    @Override
    public OptionalLong lease(QueuedClaim claim) {
        return SessionKeys.parseHex(claim.suffix());
    }

    @Override
    public List<RangeRequest.Builder> whenMade(QueueKeys keys) {
        return List.of(ClaimTxns.prefix(keys.prefix(), 2));
    }

    /** With several before it, the last of them matters only once it is to be watched. */
    @Override
    public Verdict made(QueueKeys keys, List<RangeResponse> read) {
        long ahead = read.get(0).getCount() - 1;
        if (ahead > 1) {
            return Verdict.unknown(ahead);
        }
        return ahead < 1
                ? Verdict.GRANTED
                : Verdict.behind(keys.inOrder(read.get(0)).get(0));
    }

    @Override
    public List<RangeRequest.Builder> whenChecked(QueueKeys keys, long revision) {
        return List.of(ClaimTxns.lastBefore(ClaimTxns.prefix(keys.prefix(), 1), revision));
    }

    @Override
    public Verdict checked(QueueKeys keys, List<RangeResponse> read) {
        List<QueuedClaim> before = keys.inOrder(read.get(0));
        return before.isEmpty() ? Verdict.GRANTED : Verdict.behind(before.get(0));
    }

    @Override
    public int granted(List<QueuedClaim> inOrder) {
        return !inOrder.isEmpty() && lease(inOrder.get(0)).isPresent() ? 1 : 0;
    }

    @Override
    public Next next(List<QueuedClaim> following) {
        return new Next(following.subList(0, granted(following)), null);
    }
}
