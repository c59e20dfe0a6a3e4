/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.PutResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CallFaultsIT {
    private static final Duration SOON = Duration.ofSeconds(5);
    private static final CallMatcher PUTS = CallMatcher.method("KV/Put");

    private static EtcdProcess etcd;
    private static ManagedChannel plain;

    private final CallFaults faults = CallFaults.create();
    private ManagedChannel channel;
    private String key;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().shortElection().start();
        plain = open(etcd.endpoints().get(0)).build();
    }

    @AfterAll
    static void stop() {
        plain.shutdownNow();
        etcd.close();
    }

    @BeforeEach
    void open(TestInfo test) {
        channel = open(etcd.endpoints().get(0)).intercept(faults).build();
        key = test.getDisplayName();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
    }

    private static ManagedChannelBuilder<?> open(String endpoint) {
        return ManagedChannelBuilder.forTarget(URI.create(endpoint).getAuthority())
                .usePlaintext();
    }

    private PutRequest put(String value) {
        return PutRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setValue(ByteString.copyFromUtf8(value))
                .build();
    }

    private ListenableFuture<PutResponse> send(String value) {
        return KVGrpc.newFutureStub(channel).put(put(value));
    }

    private ListenableFuture<PutResponse> sendWithin(Duration deadline, String value) {
        return KVGrpc.newFutureStub(channel)
                .withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS)
                .put(put(value));
    }

    private String stored() {
        RangeRequest request =
                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
        var kvs = KVGrpc.newBlockingStub(plain).range(request).getKvsList();
        return kvs.isEmpty()
                ? "nothing"
                : kvs.get(0).getValue().toStringUtf8() + " in version "
                        + kvs.get(0).getVersion();
    }

    private static void assertFails(ListenableFuture<?> call, Code code) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> call.get(5, TimeUnit.SECONDS))
                .satisfies(e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(code));
    }

    private static void assertSucceeds(ListenableFuture<?> call)
            throws ExecutionException, InterruptedException, TimeoutException {
        assertThat(call.get(5, TimeUnit.SECONDS)).isNotNull();
    }

    private static void assertStruckOnce(CallFault fault) {
        assertThat(fault.hit()).succeedsWithin(SOON);
        assertThat(fault.hits()).isEqualTo(1);
    }

    private static void assertLands(CallFault fault) {
        assertThat(fault.landed())
                .succeedsWithin(SOON)
                .satisfies(status -> assertThat(status.isOk()).isTrue());
    }

    @Test
    void loseNextRequest_neverReachesTheServer() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.loseNextRequest(PUTS);
        assertThat(fault.hit()).isNotDone();
        assertFails(send("a"), Code.UNAVAILABLE);
        assertStruckOnce(fault);
        assertThat(stored()).isEqualTo("nothing");
        assertSucceeds(send("b"));
        assertThat(stored()).isEqualTo("b in version 1");
        assertThat(fault.hits()).isEqualTo(1);
    }

    @Test
    void hangRequest_clientSeesNothingUntilItsDeadline() {
        CallFault fault = faults.next(PUTS).hangRequest();
        long start = System.nanoTime();
        assertFails(sendWithin(Duration.ofSeconds(1), "a"), Code.DEADLINE_EXCEEDED);
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(199));
        assertStruckOnce(fault);
        assertThat(stored()).isEqualTo("nothing");
    }

    @Test
    void hangRequest_clientCancels_endsAtOnce() {
        CallFault fault = faults.next(PUTS).hangRequest();
        CancellableContext context = Context.current().withCancellation();
        ListenableFuture<PutResponse> inContext;
        Context before = context.attach();
        try {
            inContext = send("a");
        } finally {
            context.detach(before);
        }
        assertStruckOnce(fault);
        assertThat(inContext.isDone()).isFalse();
        context.cancel(new CancellationException("enough"));
        assertFails(inContext, Code.CANCELLED);

        faults.next(PUTS).hangRequest();
        ListenableFuture<PutResponse> call = send("b");
        assertThat(call.cancel(true)).isTrue();
        assertThat(stored()).isEqualTo("nothing");
    }

    @Test
    void loseNextReply_isApplied() {
        CallFault fault = faults.loseNextReply(PUTS);
        assertFails(send("a"), Code.UNAVAILABLE);
        assertStruckOnce(fault);
        assertLands(fault);
        assertThat(stored()).isEqualTo("a in version 1");
    }

    @Test
    void loseNextReply_blockingClient_seesUnavailable() {
        faults.loseNextReply(PUTS);
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> KVGrpc.newBlockingStub(channel).put(put("a")))
                .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE));
        assertThat(stored()).isEqualTo("a in version 1");
    }

    @Test
    void loseNextReply_throughJetcd_isApplied() {
        try (Client client = Client.builder()
                .endpoints(etcd.endpoints().toArray(String[]::new))
                .interceptor(faults)
                .build()) {
            CallFault fault = faults.loseNextReply(CallMatcher.method("etcdserverpb.KV/Put"));
            ByteSequence name = ByteSequence.from(key, StandardCharsets.UTF_8);
            assertThat(client.getKVClient().put(name, name))
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .satisfies(
                            e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Code.UNAVAILABLE));
            assertStruckOnce(fault);
            assertThat(stored()).isEqualTo(key + " in version 1");
        }
    }

    @Test
    void loseReply_noServer_isNoHit() {
        LoopbackPorts port = LoopbackPorts.reserve(1);
        ManagedChannel nowhere = open("http://127.0.0.1:" + port.numbers().get(0))
                .intercept(faults)
                .build();
        try {
            CallFault fault = faults.loseNextReply(PUTS);
            assertFails(KVGrpc.newFutureStub(nowhere).put(put("a")), Code.UNAVAILABLE);
            assertThat(fault.hits()).isZero();
            assertThat(fault.hit()).isNotDone();
        } finally {
            nowhere.shutdownNow();
            port.close();
        }
    }

    @Test
    void hangReply_isAppliedAndTheClientSeesNothingUntilItsDeadline() {
        CallFault fault = faults.next(2, PUTS).hangReply();
        ListenableFuture<PutResponse> patient = send("a");
        assertStruckOnce(fault);
        assertLands(fault);
        assertThat(stored()).isEqualTo("a in version 1");
        assertThat(patient.isDone()).isFalse();
        assertFails(sendWithin(Duration.ofSeconds(1), "b"), Code.DEADLINE_EXCEEDED);
        await().until(() -> stored().equals("b in version 2"));
        await().until(() -> fault.hits() == 2);
    }

    @Test
    void delayNext_clientHasGivenUp_landsAllTheSame() {
        CallFault fault = faults.delayNext(PUTS, Duration.ofMillis(1500));
        long start = System.nanoTime();
        assertFails(sendWithin(Duration.ofMillis(500), "late"), Code.DEADLINE_EXCEEDED);
        assertStruckOnce(fault);
        assertLands(fault);
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(1500));
        assertThat(stored()).isEqualTo("late in version 1");
    }

    @Test
    void hold_clientHasCancelled_landsAllTheSame() {
        CallFault fault = faults.next(PUTS).hold();
        ListenableFuture<PutResponse> call = send("late");
        assertThat(call.cancel(true)).isTrue();
        assertThat(stored()).isEqualTo("nothing");
        fault.release();
        assertLands(fault);
        assertThat(stored()).isEqualTo("late in version 1");
    }

    @Test
    void delayNext_clientWaits_getsTheAnswer() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.delayNext(PUTS, Duration.ofMillis(100));
        long start = System.nanoTime();
        assertThat(send("late").get(5, TimeUnit.SECONDS).getHeader().getRevision())
                .isPositive();
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(100));
        assertStruckOnce(fault);
    }

    @Test
    void hold_isSentAtTheRelease() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.next(PUTS).hold();
        assertFails(sendWithin(Duration.ofMillis(500), "late"), Code.DEADLINE_EXCEEDED);
        assertSucceeds(send("first"));
        assertThat(fault.landed()).isNotDone();
        faults.clear();
        fault.release();
        assertLands(fault);
        assertThat(stored()).isEqualTo("late in version 2");
    }

    @Test
    void holdReply_isAppliedAtOnce_andAnsweredAtTheRelease()
            throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.next(PUTS).holdReply();
        ListenableFuture<PutResponse> call = send("first");
        assertLands(fault);
        assertThat(stored()).isEqualTo("first in version 1");
        assertThat(call.isDone()).isFalse();
        fault.release();
        assertThat(call.get(5, TimeUnit.SECONDS).getHeader().getRevision()).isPositive();
    }

    @Test
    void holdReply_clientGivesUp_isToldSo() {
        CallFault fault = faults.next(PUTS).holdReply();
        assertFails(sendWithin(Duration.ofSeconds(1), "first"), Code.DEADLINE_EXCEEDED);
        assertLands(fault);
        fault.release();
        assertThat(stored()).isEqualTo("first in version 1");
    }

    @Test
    void landLate_failsAtOnceAndLandsAllTheSame() {
        CallFault fault = faults.next(PUTS).landLate(Duration.ofMillis(200));
        assertFails(send("late"), Code.UNAVAILABLE);
        assertStruckOnce(fault);
        assertThat(stored()).isEqualTo("nothing");
        assertLands(fault);
        assertThat(stored()).isEqualTo("late in version 1");
    }

    @Test
    void landOnRelease_failsAtOnceAndLandsThen() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.next(PUTS).landOnRelease();
        assertFails(send("late"), Code.UNAVAILABLE);
        assertSucceeds(send("first"));
        assertThat(fault.landed()).isNotDone();
        fault.release();
        assertLands(fault);
        assertThat(stored()).isEqualTo("late in version 2");
    }

    @Test
    void duplicateNext_isAppliedTwice() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.duplicateNext(PUTS);
        assertSucceeds(send("twice"));
        assertStruckOnce(fault);
        assertLands(fault);
        assertThat(stored()).isEqualTo("twice in version 2");
    }

    @Test
    void duplicateAfter_comesAfterTheFirstWasAnswered()
            throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.next(PUTS).duplicateAfter(Duration.ofMillis(300));
        long start = System.nanoTime();
        assertSucceeds(send("twice"));
        assertStruckOnce(fault);
        assertLands(fault);
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(300));
        assertThat(stored()).isEqualTo("twice in version 2");
    }

    @Test
    void duplicateOnRelease_comesAtTheRelease() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.next(PUTS).duplicateOnRelease();
        assertSucceeds(send("old"));
        assertSucceeds(send("new"));
        assertThat(fault.hit()).isNotDone();
        assertThat(stored()).isEqualTo("new in version 2");
        fault.release();
        assertLands(fault);
        assertThat(stored()).isEqualTo("old in version 3");
    }

    @Test
    void next_severalTimes_strikesThatOften() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.next(2, PUTS).loseRequest();
        assertFails(send("a"), Code.UNAVAILABLE);
        assertFails(send("b"), Code.UNAVAILABLE);
        assertSucceeds(send("c"));
        assertThat(fault.hits()).isEqualTo(2);
    }

    @Test
    void every_strikesUntilStopped() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.every(PUTS).loseRequest();
        for (int i = 0; i < 3; i++) {
            assertFails(send("a"), Code.UNAVAILABLE);
        }
        fault.stop();
        assertSucceeds(send("b"));
        assertThat(fault.hits()).isEqualTo(3);
    }

    @Test
    void refuse_isToldAndNeverReachesTheServer() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.next(PUTS).refuse(Status.PERMISSION_DENIED.withDescription("not you"));
        assertFails(send("a"), Code.PERMISSION_DENIED);
        assertThat(stored()).isEqualTo("nothing");
        assertSucceeds(send("b"));
        assertThat(fault.hits()).isEqualTo(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> faults.next(PUTS).refuse(Status.OK))
                .withMessageContaining("OK");
    }

    @Test
    void clear_stopsEverything() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault fault = faults.every(CallMatcher.any()).loseRequest();
        faults.clear();
        assertSucceeds(send("a"));
        assertThat(fault.hits()).isZero();
    }

    @Test
    void severalFaults_theFirstThatMatchesStrikes() throws ExecutionException, InterruptedException, TimeoutException {
        CallFault other = faults.loseNextRequest(CallMatcher.method("KV/Range"));
        CallFault wanted = faults.loseNextRequest(
                PUTS.when(PutRequest.class, p -> p.getValue().toStringUtf8().equals("b")));
        CallFault second = faults.loseNextReply(
                PUTS.when(PutRequest.class, p -> p.getValue().toStringUtf8().equals("b")));
        assertSucceeds(send("a"));
        assertFails(send("b"), Code.UNAVAILABLE);
        assertThat(stored()).isEqualTo("a in version 1");
        assertFails(send("b"), Code.UNAVAILABLE);
        assertThat(stored()).isEqualTo("b in version 2");
        assertStruckOnce(wanted);
        assertStruckOnce(second);
        assertThat(other.hits()).isZero();
    }

    @Test
    void badArguments_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> faults.next(0, PUTS));
        assertThatIllegalArgumentException().isThrownBy(() -> faults.delayNext(PUTS, Duration.ofMillis(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> faults.breakStreams("Watch"));
    }
}
