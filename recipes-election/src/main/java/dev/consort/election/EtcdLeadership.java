/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.ForwardingGrant;
import dev.consort.core.internal.StoredClaim;
import dev.consort.core.internal.Transferring;
import dev.consort.core.internal.Transferring.End;
import dev.consort.core.internal.Transferring.How;
import dev.consort.election.LeaderElection.Leader;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** A grant that can change its claim's value, and be passed on. Immutable. */
final class EtcdLeadership extends ForwardingGrant implements Leadership {
    private final String name;

    EtcdLeadership(EtcdGrant grant, String name) {
        super(grant);
        this.name = name;
    }

    @Override
    public boolean proclaim(String value) {
        return grant().rewrite(EtcdLeaderElection.proposal(value));
    }

    @Override
    public CompletableFuture<Boolean> proclaimAsync(String value) {
        return grant().rewriteAsync(EtcdLeaderElection.proposal(value));
    }

    @Override
    public boolean transfer(Leader to, Duration timeout) throws InterruptedException {
        return passed(Transferring.await(grant(), stored(to), Objects.requireNonNull(timeout, "timeout")));
    }

    @Override
    public boolean transfer(String value, Duration timeout) throws InterruptedException {
        EtcdLeaderElection.proposal(value);
        EtcdLeaderElection election = new EtcdLeaderElection(grant().session(), name);
        List<Leader> named = election.participants().stream()
                .filter(one -> one.value().equals(value)
                        && one.leaseId() != grant().session().leaseId())
                .toList();
        if (named.size() != 1) {
            throw new TransferRefusedException(
                    name,
                    (named.isEmpty() ? "nobody who waits has" : named.size() + " of those who wait have")
                            + " the value '" + value + "'; choose one of participants()");
        }
        return transfer(named.get(0), timeout);
    }

    @Override
    public CompletableFuture<Boolean> transferAsync(Leader to, Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        CompletableFuture<End> end = Transferring.async(grant(), stored(to), timeout);
        CompletableFuture<Boolean> result = end.thenApply(EtcdLeadership::passed);
        // Whoever else completed the future has given the transfer up.
        var unused = result.whenComplete((passed, failure) -> end.cancel(false));
        return result;
    }

    private static StoredClaim stored(Leader to) {
        return new StoredClaim(to.key(), ByteString.EMPTY, to.term(), to.leaseId());
    }

    private static boolean passed(End end) {
        if (end.how() == How.REFUSED) {
            throw new TransferRefusedException(end.key(), end.why());
        }
        return end.how() == How.PASSED;
    }
}
