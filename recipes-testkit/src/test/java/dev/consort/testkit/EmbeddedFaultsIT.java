/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.AuthEnableRequest;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthUserAddRequest;
import io.etcd.jetcd.api.AuthUserGrantRoleRequest;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.PutResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

@Timeout(20)
@Isolated("answers are due within short deadlines")
class EmbeddedFaultsIT {
    private static final CallMatcher PUT = CallMatcher.method("KV/Put");
    private static final ByteString KEY = ByteString.copyFromUtf8("key");

    private final EmbeddedEtcd etcd =
            EmbeddedEtcd.builder().virtualClock().members(2).start();
    private final ManagedChannel channel = channelTo(0);
    private final KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(channel);

    private ManagedChannel channelTo(int member) {
        return NettyChannelBuilder.forTarget(etcd.endpoints().get(member).substring("http://".length()))
                .usePlaintext()
                .build();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        etcd.close();
    }

    private static PutRequest put(String value) {
        return PutRequest.newBuilder()
                .setKey(KEY)
                .setValue(ByteString.copyFrom(value, UTF_8))
                .build();
    }

    private RangeResponse read() {
        return kv.range(RangeRequest.newBuilder().setKey(KEY).build());
    }

    private static Status failure(Runnable call) {
        try {
            call.run();
            return Status.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus();
        }
    }

    private Status tryPut(String value) {
        return failure(() -> {
            var unused = kv.withDeadlineAfter(1, TimeUnit.SECONDS).put(put(value));
        });
    }

    @Test
    void lostRequest_neverLands() {
        etcd.faults().loseNextRequest(PUT);

        assertThat(tryPut("1").getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(etcd.revision()).isEqualTo(1);
        assertThat(tryPut("2").isOk()).isTrue();
    }

    @Test
    void lostReply_hasLanded() {
        CallFault lost = etcd.faults().loseNextReply(PUT);

        assertThat(tryPut("1").getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(lost.landed().join().isOk()).isTrue();
        assertThat(etcd.revision()).isEqualTo(2);
    }

    @Test
    void hangingCalls_endWithTheirDeadline() {
        CallFault request = etcd.faults().next(PUT).hangRequest();
        assertThat(tryPut("1").getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        CallFault reply = etcd.faults().next(PUT).hangReply();
        assertThat(tryPut("2").getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);

        assertThat(request.hits()).isEqualTo(1);
        assertThat(reply.hits()).isEqualTo(1);
        assertThat(read().getKvs(0).getVersion()).isEqualTo(1);
    }

    @Test
    void heldRequest_landsThoughTheClientHasGivenUp() {
        CallFault held = etcd.faults().next(PUT).hold();
        assertThat(tryPut("1").getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(etcd.revision()).isEqualTo(1);

        held.release();

        assertThat(held.landed().join().isOk()).isTrue();
        assertThat(etcd.revision()).isEqualTo(2);
    }

    @Test
    void heldReply_comesAtTheRelease() {
        CallFault held = etcd.faults().next(PUT).holdReply();
        CompletableFuture<PutResponse> put = CompletableFuture.supplyAsync(
                () -> kv.withDeadlineAfter(10, TimeUnit.SECONDS).put(put("1")));
        assertThat(held.landed().join().isOk()).isTrue();
        assertThat(etcd.revision()).isEqualTo(2);
        assertThat(held.hits()).isEqualTo(1);
        assertThat(put).isNotDone();

        held.release();

        assertThat(put.join().getHeader().getRevision()).isEqualTo(2);
    }

    @Test
    void lateRequest_failsAtOnceAndLandsLater() {
        CallFault late = etcd.faults().next(PUT).landOnRelease();
        assertThat(tryPut("1").getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(etcd.revision()).isEqualTo(1);

        late.release();

        assertThat(late.landed().join().isOk()).isTrue();
        assertThat(etcd.revision()).isEqualTo(2);
    }

    @Test
    void requestAppliedTwice_isAnsweredOnce() {
        CallFault twice = etcd.faults().applyNextTwice(PUT);

        assertThat(kv.put(put("1")).getHeader().getRevision()).isEqualTo(2);
        twice.landed().join();
        assertThat(read().getKvs(0).getVersion()).isEqualTo(2);
    }

    @Test
    void everyMatchingCall_untilCleared() {
        CallFault all = etcd.faults()
                .every(PUT.when(PutRequest.class, put -> put.getValue().isEmpty()))
                .loseRequest();

        assertThat(tryPut("").isOk()).isFalse();
        assertThat(tryPut("").isOk()).isFalse();
        assertThat(tryPut("other").isOk()).isTrue();
        etcd.faults().clear();
        assertThat(tryPut("").isOk()).isTrue();
        assertThat(all.hits()).isEqualTo(2);
    }

    @Test
    void refuse_isToldAndNothingIsDone() {
        CallFault fault = etcd.faults().next(CallMatcher.method("KV/Put")).refuse(Status.PERMISSION_DENIED);
        long before = etcd.revision();
        assertThat(tryPut("").getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(etcd.revision()).isEqualTo(before);
        assertThat(tryPut("").isOk()).isTrue();
        assertThat(fault.hits()).isEqualTo(1);
    }

    /** A stream of watches, and how it ended. */
    private final class Watching implements StreamObserver<WatchResponse> {
        private final BlockingQueue<WatchResponse> told = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status> ended = new CompletableFuture<>();
        private final StreamObserver<WatchRequest> requests =
                WatchGrpc.newStub(channel).watch(this);

        Watching begin() throws InterruptedException {
            requests.onNext(WatchRequest.newBuilder()
                    .setCreateRequest(WatchCreateRequest.newBuilder().setKey(KEY))
                    .build());
            assertThat(told.take().getCreated()).isTrue();
            return this;
        }

        @Override
        public void onNext(WatchResponse response) {
            told.add(response);
        }

        @Override
        public void onError(Throwable error) {
            ended.complete(Status.fromThrowable(error));
        }

        @Override
        public void onCompleted() {
            ended.complete(Status.OK);
        }
    }

    @Test
    void stream_cutAfterSomeMessages_hasToldThatMany() throws InterruptedException {
        Watching watching = new Watching().begin();
        CompletableFuture<Void> cut = etcd.faults().cutStream("Watch/Watch", 2);
        for (int i = 0; i < 3; i++) {
            kv.put(put("" + i));
        }

        cut.join();
        assertThat(watching.ended.join().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(watching.told).hasSize(2);
        assertThatIllegalArgumentException().isThrownBy(() -> etcd.faults().cutStream("Watch/Watch", 0));
    }

    @Test
    void streams_broken_andMessagesDropped() throws InterruptedException {
        Watching watching = new Watching().begin();
        etcd.faults().next(CallMatcher.method("Watch/Watch")).dropMessages(Direction.TO_CLIENT);
        kv.put(put("unseen"));
        kv.put(put("seen"));
        assertThat(watching.told.take().getEvents(0).getKv().getValue().toStringUtf8())
                .isEqualTo("seen");

        assertThat(etcd.faults().breakStreams("Watch/Watch")).isEqualTo(1);

        assertThat(watching.ended.join().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(etcd.faults().breakStreams("Watch/Watch")).isZero();
        etcd.faults().next(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        Watching second = new Watching();
        second.requests.onNext(WatchRequest.getDefaultInstance());
        assertThat(second.ended.join().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void connections_dropped_canBeMadeAgain() throws InterruptedException {
        Watching watching = new Watching().begin();

        etcd.faults().dropConnections();

        assertThat(watching.ended.join().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(kv.withWaitForReady().put(put("again")).getHeader().getRevision())
                .isEqualTo(2);
    }

    @Test
    void pausedServer_answersWhenItGoesOn_andLeasesWait() {
        long lease = grant(5);
        EmbeddedFaults.Disruption pause = etcd.faults().pause();
        etcd.advance(Duration.ofSeconds(10));
        var put = KVGrpc.newFutureStub(channel).put(put("1"));

        assertThat(tryPut("gives up").getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(put.isDone()).isFalse();
        assertThat(etcd.leases()).containsExactly(lease);
        pause.close();
        pause.close();

        await().until(put::isDone);
        assertThat(etcd.leases()).isEmpty();
    }

    private long grant(long ttl) {
        return LeaseGrpc.newBlockingStub(channel)
                .leaseGrant(LeaseGrantRequest.newBuilder().setTTL(ttl).build())
                .getID();
    }

    @Test
    void unreachableMember_leavesTheOthers() {
        ManagedChannel other = channelTo(1);
        try (EmbeddedFaults.Disruption unreachable = etcd.faults().unreachable(0)) {
            assertThat(tryPut("1").getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
            assertThat(KVGrpc.newBlockingStub(other).put(put("2")).getHeader().getRevision())
                    .isEqualTo(2);
            assertThat(unreachable).isNotNull();
        } finally {
            other.shutdownNow();
        }
        assertThat(read().getKvsList()).isNotEmpty();
    }

    @Test
    void leases_revokedOrExhausted_areGone() {
        long first = grant(100);
        long second = grant(100);
        kv.put(put("1").toBuilder().setLease(second).build());

        etcd.faults().revokeLease(first);
        assertThat(etcd.leases()).containsExactly(second);
        etcd.faults().expireLease(second);

        assertThat(etcd.leases()).isEmpty();
        assertThat(read().getCount()).isZero();
        assertThatThrownBy(() -> etcd.faults().revokeLease(first)).hasMessageContaining("requested lease not found");
    }

    @Test
    void newLeader_givesLeasesTheirTimeAgain() {
        long lease = grant(10);
        etcd.advance(Duration.ofSeconds(9));
        long term = read().getHeader().getRaftTerm();

        assertThat(etcd.faults().changeLeader()).isEqualTo(1);

        etcd.advance(Duration.ofMillis(10_999));
        assertThat(etcd.leases()).containsExactly(lease);
        etcd.advance(Duration.ofMillis(1));
        assertThat(etcd.leases()).isEmpty();
        assertThat(read().getHeader().getRaftTerm()).isEqualTo(term + 1);
    }

    @Test
    void restored_itIsWhatItWas_withItsLeases() throws InterruptedException {
        long lease = grant(10);
        kv.put(put("old").toBuilder().setLease(lease).build());
        long backup = etcd.revision();
        long later = grant(10);
        kv.put(put("new"));
        etcd.faults().revokeLease(lease);
        etcd.advance(Duration.ofSeconds(5));
        Watching watching = new Watching().begin();

        etcd.faults().goBack(backup);

        assertThat(watching.ended.join().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(kv.withWaitForReady()
                        .range(RangeRequest.newBuilder().setKey(KEY).build())
                        .getKvs(0)
                        .getValue()
                        .toStringUtf8())
                .isEqualTo("old");
        assertThat(etcd.leases()).contains(lease);
        assertThat(etcd.revision()).isEqualTo(backup);
        kv.put(put("other history"));
        assertThat(etcd.log()).extracting(Commit::revision).containsExactly(2L, 3L, 3L);
        assertThat(etcd.log()).extracting(Commit::restores).containsExactly(0, 0, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> etcd.faults().goBack(1000));
        assertThat(later).isNotEqualTo(lease);
    }

    @Test
    void compacted_thePastIsRefused() {
        kv.put(put("1"));
        kv.put(put("2"));

        etcd.faults().compact(3);

        assertThat(failure(() -> {
                            var unused = kv.range(RangeRequest.newBuilder()
                                    .setKey(KEY)
                                    .setRevision(2)
                                    .build());
                        })
                        .getDescription())
                .isEqualTo("etcdserver: mvcc: required revision has been compacted");
        assertThat(etcd.log()).hasSize(2);
    }

    @Test
    void noSpace_refusesWritesUntilDisarmed() {
        try (EmbeddedFaults.Disruption full = etcd.faults().noSpace()) {
            assertThat(tryPut("1").getDescription()).isEqualTo("etcdserver: mvcc: database space exceeded");
            assertThat(failure(() -> grant(10)).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(full).isNotNull();
        }
        assertThat(tryPut("1").isOk()).isTrue();
    }

    @Test
    void tokens_expire() {
        AuthGrpc.AuthBlockingStub auth = AuthGrpc.newBlockingStub(channel);
        var added = auth.userAdd(AuthUserAddRequest.newBuilder()
                .setName("root")
                .setPassword("pw")
                .build());
        var granted = auth.userGrantRole(AuthUserGrantRoleRequest.newBuilder()
                .setUser("root")
                .setRole("root")
                .build());
        var enabled = auth.authEnable(AuthEnableRequest.getDefaultInstance());
        assertThat(List.of(added, granted, enabled)).hasSize(3);
        KVGrpc.KVBlockingStub first = withToken(auth);
        assertThat(first.put(put("1")).getHeader().getRevision()).isEqualTo(2);

        etcd.faults().expireTokens();
        assertThat(failure(() -> {
                            var unused = first.put(put("2"));
                        })
                        .getDescription())
                .isEqualTo("etcdserver: invalid auth token");
        KVGrpc.KVBlockingStub second = withToken(auth);
        etcd.advance(Duration.ofMinutes(4));
        var used = second.put(put("3"));
        etcd.advance(Duration.ofMinutes(4));
        assertThat(second.put(put("4")).getHeader().getRevision())
                .isEqualTo(used.getHeader().getRevision() + 1);
        etcd.advance(Duration.ofMinutes(6));
        assertThat(failure(() -> {
                            var unused = second.put(put("5"));
                        })
                        .getCode())
                .isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(tryPut("6").getDescription()).isEqualTo("etcdserver: user name is empty");
    }

    private KVGrpc.KVBlockingStub withToken(AuthGrpc.AuthBlockingStub auth) {
        Metadata headers = new Metadata();
        headers.put(
                Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER),
                auth.authenticate(AuthenticateRequest.newBuilder()
                                .setName("root")
                                .setPassword("pw")
                                .build())
                        .getToken());
        return kv.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }
}
