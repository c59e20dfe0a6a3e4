/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CallFaultsStreamIT {
    private static final Duration SOON = Duration.ofSeconds(5);
    private static final CallMatcher WATCHES = CallMatcher.method("Watch/Watch");

    private static EtcdProcess etcd;

    private final CallFaults faults = CallFaults.create();
    private final CallLog log = CallLog.create();
    private ManagedChannel channel;
    private String key;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().shortElection().start();
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    @BeforeEach
    void open(TestInfo test) {
        // The last interceptor sees a call first: this log counts what the faults let through to the server.
        channel = ManagedChannelBuilder.forTarget(
                        URI.create(etcd.endpoints().get(0)).getAuthority())
                .usePlaintext()
                .intercept(log, faults)
                .build();
        key = test.getDisplayName();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
    }

    /** A watch stream that keeps what it is told. */
    private final class Watching implements StreamObserver<WatchResponse> {
        final List<String> values = new CopyOnWriteArrayList<>();
        final CompletableFuture<Void> created = new CompletableFuture<>();
        final CompletableFuture<Code> end = new CompletableFuture<>();
        final StreamObserver<WatchRequest> requests = WatchGrpc.newStub(channel).watch(this);

        Watching create() {
            requests.onNext(WatchRequest.newBuilder()
                    .setCreateRequest(WatchCreateRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)))
                    .build());
            return this;
        }

        @Override
        public void onNext(WatchResponse response) {
            if (response.getCreated()) {
                created.complete(null);
            }
            response.getEventsList()
                    .forEach(event -> values.add(event.getKv().getValue().toStringUtf8()));
        }

        @Override
        public void onError(Throwable error) {
            end.complete(Status.fromThrowable(error).getCode());
        }

        @Override
        public void onCompleted() {
            end.complete(Code.OK);
        }
    }

    private static Predicate<Message> event(String value) {
        return message -> message instanceof WatchResponse response
                && response.getEventsList().stream()
                        .anyMatch(
                                event -> event.getKv().getValue().toStringUtf8().equals(value));
    }

    private Watching watching() {
        Watching watching = new Watching().create();
        assertThat(watching.created).succeedsWithin(SOON);
        return watching;
    }

    private void put(String value) {
        etcd.etcdctl("put", key, value);
    }

    @Test
    void dropMessages_toClient_theOthersArriveAndTheStreamStaysOpen() {
        CallFault fault = faults.next(WATCHES.when(event("b"))).dropMessages(Direction.TO_CLIENT);
        Watching watching = watching();
        put("a");
        put("b");
        put("c");
        await().until(() -> watching.values.contains("c"));
        assertThat(watching.values).containsExactly("a", "c");
        assertThat(fault.hits()).isEqualTo(1);
        put("b");
        await().until(() -> watching.values.size() == 3);
        assertThat(watching.end).isNotDone();
    }

    @Test
    void dropMessages_toServer_theServerNeverHears() {
        CallFault fault = faults.next(WATCHES).dropMessages(Direction.TO_SERVER);
        Watching watching = new Watching().create();
        assertThat(fault.hit()).succeedsWithin(SOON);
        watching.create();
        assertThat(watching.created).succeedsWithin(SOON);
        assertThat(log.counts().watchCreates()).isEqualTo(1);
    }

    @Test
    void breakStream_toClient_losesTheMessageAndEndsWithUnavailable() {
        CallFault fault = faults.next(WATCHES.when(event("b"))).breakStream(Direction.TO_CLIENT);
        Watching watching = watching();
        put("a");
        put("b");
        assertThat(watching.end).succeedsWithin(SOON).isEqualTo(Code.UNAVAILABLE);
        assertThat(watching.values).containsExactly("a");
        assertThat(fault.hit()).succeedsWithin(SOON);
        await().until(() -> log.counts().streamsOpen("Watch/Watch") == 0);
        // As with a stream that has really broken, saying more into it is no error.
        watching.create();
        watching.requests.onCompleted();
    }

    @Test
    void breakStream_toServer_losesTheRequestAndEndsWithUnavailable() {
        CallFault fault = faults.next(WATCHES).breakStream(Direction.TO_SERVER);
        Watching watching = new Watching().create();
        assertThat(watching.end).succeedsWithin(SOON).isEqualTo(Code.UNAVAILABLE);
        assertThat(fault.hits()).isEqualTo(1);
        assertThat(log.counts().watchCreates()).isZero();
    }

    @Test
    void breakStreams_endsTheOpenOnes() {
        Watching first = watching();
        Watching second = watching();
        assertThat(faults.breakStreams("Lease/LeaseKeepAlive")).isZero();
        assertThat(faults.breakStreams("etcdserverpb.Watch/Watch")).isEqualTo(2);
        assertThat(first.end).succeedsWithin(SOON).isEqualTo(Code.UNAVAILABLE);
        assertThat(second.end).succeedsWithin(SOON).isEqualTo(Code.UNAVAILABLE);
        assertThat(faults.breakStreams("Watch/Watch")).isZero();
        assertThat(watching().end).isNotDone();
    }

    @Test
    void breakStreams_streamThatHasEnded_isNotAmongThem() {
        Watching watching = watching();
        ((ClientCallStreamObserver<WatchRequest>) watching.requests).cancel("enough", null);
        assertThat(watching.end).succeedsWithin(SOON).isEqualTo(Code.CANCELLED);
        assertThat(faults.breakStreams("Watch/Watch")).isZero();
    }

    @Test
    void unaryFaults_leaveStreamsAlone() {
        CallFault fault = faults.every(CallMatcher.any()).loseRequest();
        Watching watching = watching();
        put("a");
        await().until(() -> watching.values.contains("a"));
        assertThat(fault.hits()).isZero();
    }

    /** Notes what befalls the streams below the faults; each starts when it is let. */
    private static final class SlowStarts implements ClientInterceptor {
        final List<String> events = new CopyOnWriteArrayList<>();
        final CompletableFuture<Void> starting = new CompletableFuture<>();
        final CompletableFuture<Void> go = new CompletableFuture<>();

        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void start(Listener<R> listener, Metadata headers) {
                    starting.complete(null);
                    go.orTimeout(10, TimeUnit.SECONDS).join();
                    super.start(listener, headers);
                    events.add("started");
                }

                @Override
                public void cancel(String message, Throwable cause) {
                    events.add("cancelled");
                    super.cancel(message, cause);
                }
            };
        }
    }

    /** To cancel a call while it starts makes gRPC throw from the start of it, which no client would survive that tells of it. */
    @Test
    void breakStreams_whileOneStarts_waitsUntilItHas() throws Exception {
        CallFaults own = CallFaults.create();
        SlowStarts slow = new SlowStarts();
        Channel through = ClientInterceptors.interceptForward(channel, own, slow);
        CompletableFuture<Boolean> begun = CompletableFuture.supplyAsync(() -> {
            WatchGrpc.newStub(through).watch(new Watching());
            return true;
        });
        slow.starting.get(10, TimeUnit.SECONDS);
        CompletableFuture<Integer> broken = new CompletableFuture<>();
        Thread breaking = new Thread(() -> broken.complete(own.breakStreams("Watch/Watch")));
        breaking.start();
        await().until(() -> breaking.getState() == Thread.State.WAITING || !breaking.isAlive());
        slow.go.complete(null);
        assertThat(broken.get(10, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(begun.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(slow.events).startsWith("started", "cancelled");
    }
}
