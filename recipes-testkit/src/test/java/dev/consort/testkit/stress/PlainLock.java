/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.ByteString;
import dev.consort.testkit.history.ClaimLives;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A lock in virtual time for one client a session, which gives its session up at the first failure; or one with a flaw. */
final class PlainLock implements Contender {
    /** What is wrong with it. */
    enum Flaw {
        DOES_NOT_WAIT,
        RENEWS_NOTHING,
        NEVER_EXPIRES,
        LEAVES_ITS_LEASE,
        LEAVES_ITS_CLAIM,
        LEAVES_A_CALL,
        FORGETS_WHO_WAITS,
        SLEEPS_FOR_EVER
    }

    private static final Duration POLL = Duration.ofMillis(5);
    private static final long CALL_SECONDS = 2;

    private final VirtualClock clock;
    private final Channel channel;
    private final Duration ttl;
    private final Set<Flaw> flaws = EnumSet.noneOf(Flaw.class);
    private final CompletableFuture<String> lost = new CompletableFuture<>();
    private final long lease;
    private long deadline;

    PlainLock(Channel channel, VirtualClock clock, Duration ttl, Set<Flaw> flaws) {
        this.channel = channel;
        this.clock = clock;
        this.ttl = ttl;
        this.flaws.addAll(flaws);
        this.deadline = clock.nanoTime() + ttl.toNanos();
        this.lease = await(of(LeaseGrpc.newFutureStub(channel)
                        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                        .leaseGrant(LeaseGrantRequest.newBuilder()
                                .setTTL(ttl.toSeconds())
                                .build())))
                .getID();
        if (!flaws.contains(Flaw.RENEWS_NOTHING)) {
            renewLater();
        }
        expireLater();
    }

    private KVGrpc.KVFutureStub kv() {
        return KVGrpc.newFutureStub(channel).withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
    }

    private <T> T await(CompletableFuture<T> call) {
        try {
            return clock.await(call, Duration.ofSeconds(2 * CALL_SECONDS));
        } catch (ExecutionException | TimeoutException e) {
            throw new CompletionException(e);
        }
    }

    private <T> CompletableFuture<T> of(ListenableFuture<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        call.addListener(
                () -> {
                    try {
                        result.complete(Futures.getDone(call));
                    } catch (ExecutionException failure) {
                        lost.complete("a call failed");
                        result.completeExceptionally(failure);
                    }
                },
                MoreExecutors.directExecutor());
        return result;
    }

    private void renewLater() {
        var unused = clock.schedule(ttl.dividedBy(3), () -> {
            if (lost.isDone()) {
                return;
            }
            long sent = clock.nanoTime();
            var stream = LeaseGrpc.newStub(channel)
                    .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                    .leaseKeepAlive(new StreamObserver<LeaseKeepAliveResponse>() {
                        @Override
                        public void onNext(LeaseKeepAliveResponse answer) {
                            if (answer.getTTL() > 0 && isAlive()) {
                                deadline = sent + ttl.toNanos();
                            } else {
                                lost.complete("EXPIRED");
                            }
                        }

                        @Override
                        public void onError(Throwable failure) {}

                        @Override
                        public void onCompleted() {}
                    });
            stream.onNext(LeaseKeepAliveRequest.newBuilder().setID(lease).build());
            stream.onCompleted();
            renewLater();
        });
    }

    private void expireLater() {
        var unused = clock.schedule(Duration.ofMillis(100), () -> {
            if (!isAlive()) {
                lost.complete("EXPIRED");
            } else if (!lost.isDone()) {
                expireLater();
            }
        });
    }

    @Override
    public long leaseId() {
        return lease;
    }

    @Override
    public boolean isAlive() {
        return !lost.isDone() && (flaws.contains(Flaw.NEVER_EXPIRES) || clock.nanoTime() - deadline < 0);
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    private ByteString key(String name) {
        return bytes(name + "/" + Long.toHexString(lease));
    }

    private static Compare created(ByteString key, long revision) {
        return Compare.newBuilder()
                .setKey(key)
                .setTarget(Compare.CompareTarget.CREATE)
                .setResult(Compare.CompareResult.EQUAL)
                .setCreateRevision(revision)
                .build();
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        CompletableFuture<Tenure> outcome = new CompletableFuture<>();
        ByteString key = key(name);
        TxnRequest put = TxnRequest.newBuilder()
                .addCompare(created(key, 0))
                .addSuccess(RequestOp.newBuilder()
                        .setRequestPut(PutRequest.newBuilder().setKey(key).setLease(lease)))
                .build();
        var unused = of(kv().txn(put)).whenComplete((answer, failure) -> {
            if (failure != null || !answer.getSucceeded()) {
                outcome.completeExceptionally(new IllegalStateException("no claim", failure));
            } else {
                poll(name, new Held(key, answer.getHeader().getRevision()), outcome);
            }
        });
        var unusedLoss = lost.thenAccept(reason -> outcome.completeExceptionally(new IllegalStateException(reason)));
        return new Queued(outcome, () -> outcome.cancel(false));
    }

    private void poll(String name, Held claim, CompletableFuture<Tenure> outcome) {
        RangeRequest first = RangeRequest.newBuilder()
                .setKey(bytes(name + "/"))
                .setRangeEnd(bytes(name + "0"))
                .setSortTarget(RangeRequest.SortTarget.CREATE)
                .setSortOrder(RangeRequest.SortOrder.ASCEND)
                .setLimit(1)
                .build();
        var unused = of(kv().range(first)).thenAccept(now -> {
            boolean mine = now.getCount() > 0 && now.getKvs(0).getCreateRevision() == claim.created();
            if (mine || flaws.contains(Flaw.DOES_NOT_WAIT)) {
                if (!outcome.complete(claim)) {
                    var unusedRelease = claim.releaseAsync();
                }
            } else if (outcome.isDone()) {
                var unusedRelease = claim.releaseAsync();
            } else if (!flaws.contains(Flaw.FORGETS_WHO_WAITS)) {
                var unusedTimer = clock.schedule(POLL, () -> poll(name, claim, outcome));
            }
        });
    }

    @Override
    public Optional<Tenure> tryAcquire(String name, String value) {
        return tryAcquire(name, value, Duration.ofMillis(1));
    }

    @Override
    public Optional<Tenure> tryAcquire(String name, String value, Duration timeout) {
        Queued queued = acquireAsync(name, value);
        try {
            return Optional.of(clock.await(queued.outcome(), timeout));
        } catch (TimeoutException e) {
            queued.cancel().run();
            return queued.outcome().isCancelled()
                    ? Optional.empty()
                    : Optional.of(queued.outcome().join());
        } catch (ExecutionException e) {
            throw new CompletionException(e);
        }
    }

    @Override
    public void orphan() {
        lost.complete("CLOSED");
    }

    @Override
    public void close() {
        lost.complete("CLOSED");
        if (flaws.contains(Flaw.LEAVES_A_CALL)) {
            var unused = io.etcd.jetcd.api.WatchGrpc.newStub(channel).watch(new io.grpc.stub.StreamObserver<>() {
                @Override
                public void onNext(io.etcd.jetcd.api.WatchResponse answer) {}

                @Override
                public void onError(Throwable failure) {}

                @Override
                public void onCompleted() {}
            });
        }
        if (!flaws.contains(Flaw.LEAVES_ITS_LEASE)) {
            await(of(LeaseGrpc.newFutureStub(channel)
                            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                            .leaseRevoke(
                                    LeaseRevokeRequest.newBuilder().setID(lease).build()))
                    .handle((revoked, gone) -> true));
        } else {
            forever();
        }
    }

    private void forever() {
        var unused = clock.schedule(Duration.ofSeconds(1), () -> {
            LeaseGrpc.newStub(channel)
                    .leaseKeepAlive(new StreamObserver<LeaseKeepAliveResponse>() {
                        @Override
                        public void onNext(LeaseKeepAliveResponse answer) {}

                        @Override
                        public void onError(Throwable failure) {}

                        @Override
                        public void onCompleted() {}
                    })
                    .onNext(LeaseKeepAliveRequest.newBuilder().setID(lease).build());
            forever();
        });
    }

    private final class Held implements Tenure {
        private final ByteString key;
        private final long created;
        private boolean released;

        Held(ByteString key, long created) {
            this.key = key;
            this.created = created;
        }

        long created() {
            return created;
        }

        @Override
        public long token() {
            return created << ClaimLives.SEQUENCE_BITS;
        }

        @Override
        public boolean isHeld() {
            return !released && isAlive();
        }

        @Override
        public CompletionStage<String> lost() {
            return lost;
        }

        @Override
        public CompletableFuture<Boolean> releaseAsync() {
            if (released || !isAlive()) {
                released = true;
                return CompletableFuture.completedFuture(false);
            }
            released = true;
            if (flaws.contains(Flaw.SLEEPS_FOR_EVER)) {
                return new CompletableFuture<>();
            }
            if (flaws.contains(Flaw.LEAVES_ITS_CLAIM)) {
                return CompletableFuture.completedFuture(true);
            }
            TxnRequest delete = TxnRequest.newBuilder()
                    .addCompare(PlainLock.created(key, created))
                    .addSuccess(RequestOp.newBuilder()
                            .setRequestDeleteRange(
                                    DeleteRangeRequest.newBuilder().setKey(key)))
                    .build();
            return of(kv().txn(delete)).thenApply(answer -> answer.getSucceeded());
        }

        @Override
        public CompletableFuture<Boolean> writeAsync(String register, String value) {
            TxnRequest put = TxnRequest.newBuilder()
                    .addCompare(PlainLock.created(key, created))
                    .addSuccess(RequestOp.newBuilder()
                            .setRequestPut(PutRequest.newBuilder()
                                    .setKey(bytes(register))
                                    .setValue(bytes(value))))
                    .build();
            return of(kv().txn(put)).thenApply(answer -> answer.getSucceeded());
        }
    }
}
