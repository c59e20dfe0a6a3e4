/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Reads a queue for people and observers; decides nothing. */
public final class ClaimReader {
    private ClaimReader() {}

    /** The claims in order; at most so many, or all for 0. Bounded by the request timeout; keeps the interrupt flag. */
    public static List<StoredClaim> read(EtcdSession session, ClaimSpec spec, int limit) {
        QueueKeys keys = QueueKeys.of(session.engine(), spec.name(), session.leaseId(), ExclusiveRule.INSTANCE);
        Calls calls = session.calls();
        Duration timeout = calls.requestTimeout();
        RangeRequest request = ClaimTxns.prefix(keys.prefix(), limit)
                .setKeysOnly(false)
                .setSortTarget(RangeRequest.SortTarget.CREATE)
                .setSortOrder(RangeRequest.SortOrder.ASCEND)
                .build();
        CompletableFuture<RangeResponse> answer = calls.range(request, calls.forTheRequestTimeout());
        try {
            return Await.uninterruptibly(session.timing(), answer, timeout).getKvsList().stream()
                    .map(kv -> new StoredClaim(
                            session.text(kv.getKey()), kv.getValue(), kv.getCreateRevision(), kv.getLease()))
                    .toList();
        } catch (CallFailure failure) {
            throw session.engine().failure(spec.recipe(), spec.name(), timeout, failure);
        }
    }
}
