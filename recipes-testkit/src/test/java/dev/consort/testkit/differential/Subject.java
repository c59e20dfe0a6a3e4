/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One of the servers that are compared, and what it said. Confined to the test's thread. */
final class Subject implements AutoCloseable {
    private static final ByteString ALL = ByteString.copyFrom(new byte[1]);
    private static final int NO_LIMIT = 256 * 1024 * 1024;
    private static final long ANSWER_SECONDS = 10;

    private final String name;
    private final ManagedChannel channel;
    private long base;
    private @Nullable WatchLog watches;

    Subject(String name, String endpoint) {
        this.name = name;
        this.channel = NettyChannelBuilder.forTarget(endpoint.substring("http://".length()))
                .usePlaintext()
                .maxInboundMessageSize(NO_LIMIT)
                // What came before an answer on the connection has been heard before it.
                .directExecutor()
                .build();
    }

    /** Empties the server and counts revisions from here. */
    void begin() {
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(channel);
        for (int id = 1; id <= Requests.LEASES; id++) {
            // It need not have been granted.
            var unused = call(
                    LeaseGrpc.getLeaseRevokeMethod(),
                    LeaseRevokeRequest.newBuilder().setID(id).build());
        }
        var unused = kv.deleteRange(
                DeleteRangeRequest.newBuilder().setKey(ALL).setRangeEnd(ALL).build());
        base = kv.range(RangeRequest.newBuilder().setKey(ALL).build())
                .getHeader()
                .getRevision();
        watches = new WatchLog(channel, base);
    }

    WatchLog watches() {
        if (watches == null) {
            throw new IllegalStateException("not begun");
        }
        return watches;
    }

    /** The answer to a call, or the error, in a form that compares. */
    <Q extends Message, R extends Message> String call(MethodDescriptor<Q, R> method, Q request) {
        return call(method, request, null);
    }

    <Q extends Message, R extends Message> String call(
            MethodDescriptor<Q, R> method, Q request, @Nullable String token) {
        try {
            R response = ClientCalls.blockingUnaryCall(
                    token == null
                            ? channel
                            : ClientInterceptors.intercept(
                                    channel, MetadataUtils.newAttachHeadersInterceptor(header(token))),
                    method,
                    CallOptions.DEFAULT.withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS),
                    Relative.toServer(request, base));
            return Relative.fromServer(withoutClock(response), base).toString();
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode() + ": " + e.getStatus().getDescription();
        }
    }

    private static Metadata header(String token) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER), token);
        return headers;
    }

    /** What is left of a TTL depends on the time, and the order of a lease's keys on nothing. */
    private static <R extends Message> Message withoutClock(R response) {
        if (response instanceof LeaseTimeToLiveResponse lease) {
            return lease.toBuilder()
                    .setTTL(Long.signum(lease.getTTL()))
                    .clearKeys()
                    .addAllKeys(lease.getKeysList().stream()
                            .sorted(ByteString.unsignedLexicographicalComparator())
                            .toList())
                    .build();
        }
        return response;
    }

    /** Returns when all has been heard that the embedded server said to watches until now; etcd takes its time. */
    void awaitSaid() {
        var unused = call(
                KVGrpc.getRangeMethod(), RangeRequest.newBuilder().setKey(ALL).build());
    }

    long base() {
        return base;
    }

    ManagedChannel channel() {
        return channel;
    }

    void end() {
        watches().close();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    @Override
    public String toString() {
        return name;
    }
}
