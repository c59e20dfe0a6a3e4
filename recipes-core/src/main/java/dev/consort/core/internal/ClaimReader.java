/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.ClaimSpec.Mode;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Reads a queue for people and observers; decides nothing. */
public final class ClaimReader {
    private ClaimReader() {}

    /** Those that are granted, of a queue in which several can be. */
    public static List<StoredClaim> granted(EtcdSession session, ClaimSpec spec) {
        return part(session, spec, true);
    }

    /** Those that wait, of such a queue, in order. */
    public static List<StoredClaim> waiting(EtcdSession session, ClaimSpec spec) {
        return part(session, spec, false);
    }

    private static List<StoredClaim> part(EtcdSession session, ClaimSpec spec, boolean granted) {
        ClaimRule rule = spec.mode() == Mode.PERMITS ? new SemaphoreRule(0, 1) : ReadWriteRule.READ;
        String prefix = spec.name() + "/";
        List<StoredClaim> stored = read(session, spec, 0);
        List<QueuedClaim> inOrder = rule.claims(stored.stream()
                .map(claim -> new QueuedClaim(
                        ByteString.copyFromUtf8(claim.key().substring(prefix.length())), claim.revision()))
                .toList());
        int border = rule.granted(inOrder);
        Set<Long> wanted = (granted ? inOrder.subList(0, border) : inOrder.subList(border, inOrder.size()))
                .stream()
                        .filter(claim -> rule.lease(claim).isPresent())
                        .map(QueuedClaim::revision)
                        .collect(Collectors.toSet());
        return stored.stream()
                .filter(claim -> wanted.contains(claim.revision()))
                .toList();
    }

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
