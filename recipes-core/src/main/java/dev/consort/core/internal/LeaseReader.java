/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.common.collect.Lists;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * Asks how long leases have left, and which are those of sessions: a hundred at a time, for a transaction has 128
 * operations at most. For a single use by one thread.
 */
final class LeaseReader {
    static final int AT_ONCE = 100;

    private final Calls calls;
    private final Timing timing;
    private final SessionKeys sessions;
    private final long revision;
    private final Map<Long, Duration> remaining = new HashMap<>();
    private final Set<Long> ours = new HashSet<>();

    /** Looks for sessions at a revision; what a lease has left is only to be had as of now. */
    LeaseReader(EtcdConnection connection, SessionKeys sessions, long revision) {
        this.calls = connection.calls();
        this.timing = connection.timing();
        this.sessions = sessions;
        this.revision = revision;
    }

    void read(List<Long> leases) throws InterruptedException {
        for (List<Long> some : Lists.partition(leases, AT_ONCE)) {
            readSome(some);
        }
    }

    private void readSome(List<Long> leases) throws InterruptedException {
        Duration timeout = calls.requestTimeout();
        long until = timing.nanoTime() + timeout.toNanos();
        BooleanSupplier wanted = () -> timing.nanoTime() - until < 0;
        CompletableFuture<TxnResponse> mailboxes = calls.untilAnswered(mailboxesOf(leases), wanted);
        List<CompletableFuture<LeaseTimeToLiveResponse>> asked = leases.stream()
                .map(lease -> calls.untilAnswered(
                        LeaseGrpc.getLeaseTimeToLiveMethod(),
                        LeaseTimeToLiveRequest.newBuilder().setID(lease).build(),
                        wanted))
                .toList();
        List<ResponseOp> found = Await.within(timing, mailboxes, timeout).getResponsesList();
        for (int i = 0; i < leases.size(); i++) {
            long lease = leases.get(i);
            if (found.get(i).getResponseRange().getCount() > 0) {
                ours.add(lease);
            }
            timeToLive(asked.get(i), Duration.ofNanos(until - timing.nanoTime()))
                    .ifPresent(left -> remaining.put(lease, left));
        }
    }

    private TxnRequest mailboxesOf(List<Long> leases) {
        List<RequestOp> reads = new ArrayList<>();
        for (long lease : leases) {
            reads.add(ClaimTxns.op(
                    ClaimTxns.key(sessions.mailbox(lease)).setRevision(revision).setCountOnly(true)));
        }
        return TxnRequest.newBuilder().addAllSuccess(reads).build();
    }

    /** A server says that a lease is gone by an answer without the TTL that it was granted with, or by an error. */
    private Optional<Duration> timeToLive(CompletableFuture<LeaseTimeToLiveResponse> asked, Duration timeout)
            throws InterruptedException {
        try {
            LeaseTimeToLiveResponse answer = Await.within(timing, asked, timeout);
            return answer.getGrantedTTL() > 0
                    ? Optional.of(Duration.ofSeconds(Math.max(0, answer.getTTL())))
                    : Optional.empty();
        } catch (CallFailure failure) {
            if (failure.kind() == CallFailure.Kind.LEASE_GONE) {
                return Optional.empty();
            }
            throw failure;
        }
    }

    boolean hasSession(long lease) {
        return ours.contains(lease);
    }

    /** Empty if the lease was gone. */
    Optional<Duration> remaining(long lease) {
        return Optional.ofNullable(remaining.get(lease));
    }
}
