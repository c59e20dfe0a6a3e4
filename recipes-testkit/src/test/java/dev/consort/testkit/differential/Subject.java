/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.etcd.jetcd.api.AuthDisableResponse;
import io.etcd.jetcd.api.AuthEnableResponse;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.AuthenticateResponse;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One of the servers that are compared, and what it said. Confined to one thread at a time. */
final class Subject implements AutoCloseable {
    /** Calls without a token. */
    static final String NOBODY = "nobody";

    /** Users who have never been one, but show a token. */
    static final Map<String, String> STRANGERS = Map.of("forger", "abcdefghijklmnop.1", "scribbler", "nonsense");

    private static final ByteString ALL = ByteString.copyFrom(new byte[1]);
    private static final int NO_LIMIT = 256 * 1024 * 1024;
    private static final long ANSWER_SECONDS = 10;
    private static final long SERVED_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final String name;
    private final ManagedChannel channel;
    private final Map<String, String> tokens = new HashMap<>();
    private final Map<String, WatchLog> watches = new TreeMap<>();
    private final boolean tokensWhileOff;
    private String user = NOBODY;
    private boolean enabled;
    private long base;
    private long authBase;

    Subject(String name, String endpoint) {
        this(name, endpoint, true);
    }

    /**
     * A server.
     *
     * @param tokensWhileOff whether users show tokens although authentication is off
     */
    Subject(String name, String endpoint, boolean tokensWhileOff) {
        this.name = name;
        this.tokensWhileOff = tokensWhileOff;
        this.channel = NettyChannelBuilder.forTarget(endpoint.substring("http://".length()))
                .usePlaintext()
                .maxInboundMessageSize(NO_LIMIT)
                // What came before an answer on the connection has been heard before it.
                .directExecutor()
                .build();
    }

    /** Empties the server. */
    void clear() {
        enabled = false;
        authBase = new Clearing(channel).withoutUsers();
        for (int id = 1; id <= Requests.LEASES; id++) {
            // It need not have been granted.
            var unused = call(
                    LeaseGrpc.getLeaseRevokeMethod(),
                    LeaseRevokeRequest.newBuilder().setID(id).build());
        }
    }

    /** Empties the server and counts revisions from here. */
    void begin() {
        clear();
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(channel);
        // There is to be something that a watch from here on is told.
        var unusedPut = kv.put(PutRequest.newBuilder().setKey(ALL).build());
        var unused = kv.deleteRange(
                DeleteRangeRequest.newBuilder().setKey(ALL).setRangeEnd(ALL).build());
        base = kv.range(RangeRequest.newBuilder().setKey(ALL).build())
                .getHeader()
                .getRevision();
    }

    /** The following calls are this user's, or nobody's. */
    void actAs(String who) {
        user = who;
    }

    private @Nullable String token() {
        return enabled || tokensWhileOff ? STRANGERS.getOrDefault(user, tokens.get(user)) : null;
    }

    /** The current user's stream, opened with the token that it has when it first says something on it. */
    WatchLog watches() {
        String token = token();
        // Tokens differ between servers; the number of the streams before does not.
        String prefix = user + " ";
        return watches.values().stream()
                .filter(stream -> stream.isOf(user, token))
                .findFirst()
                .orElseGet(() -> {
                    long before = watches.keySet().stream()
                            .filter(stream -> stream.startsWith(prefix))
                            .count();
                    WatchLog opened = new WatchLog(with(token), user, token, base);
                    watches.put(prefix + before, opened);
                    return opened;
                });
    }

    /** What all watches were told, by stream. */
    Map<String, Map<Long, List<String>>> told() {
        Map<String, Map<Long, List<String>>> told = new TreeMap<>();
        watches.forEach((stream, log) -> told.put(stream, log.byWatch()));
        return told;
    }

    /** A number that grows with what watches are told. */
    long heard() {
        return watches.values().stream().mapToLong(WatchLog::heard).sum();
    }

    String authenticate(String who, String password) {
        AuthenticateRequest request = AuthenticateRequest.newBuilder()
                .setName(who)
                .setPassword(password)
                .build();
        try {
            AuthenticateResponse response = ask(AuthGrpc.getAuthenticateMethod(), request, token());
            tokens.put(who, response.getToken());
            return readable(response.toBuilder().clearToken().build());
        } catch (StatusRuntimeException e) {
            return readable(e.getStatus());
        }
    }

    /** The answer to one renewal. */
    String keepAlive(long lease) {
        CompletableFuture<LeaseKeepAliveResponse> answer = new CompletableFuture<>();
        StreamObserver<LeaseKeepAliveRequest> stream = LeaseGrpc.newStub(with(token()))
                .leaseKeepAlive(new StreamObserver<>() {
                    @Override
                    public void onNext(LeaseKeepAliveResponse response) {
                        answer.complete(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        answer.completeExceptionally(error);
                    }

                    @Override
                    public void onCompleted() {
                        answer.completeExceptionally(new IllegalStateException("no answer"));
                    }
                });
        stream.onNext(LeaseKeepAliveRequest.newBuilder().setID(lease).build());
        try {
            String said = readable(answer.get(ANSWER_SECONDS, TimeUnit.SECONDS));
            stream.onCompleted();
            return said;
        } catch (ExecutionException e) {
            return readable(Status.fromThrowable(e.getCause()));
        } catch (TimeoutException e) {
            return "no answer";
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The answer to a call, or the error, in a form that compares. */
    <Q extends Message, R extends Message> String call(MethodDescriptor<Q, R> method, Q request) {
        return call(method, request, token());
    }

    <Q extends Message, R extends Message> String call(
            MethodDescriptor<Q, R> method, Q request, @Nullable String token) {
        try {
            R response = ask(method, Relative.toServer(request, base), token);
            enabled = response instanceof AuthEnableResponse || (enabled && !(response instanceof AuthDisableResponse));
            return readable(response);
        } catch (StatusRuntimeException e) {
            return readable(e.getStatus());
        }
    }

    private <Q, R> R ask(MethodDescriptor<Q, R> method, Q request, @Nullable String token) {
        return ClientCalls.blockingUnaryCall(
                with(token), method, CallOptions.DEFAULT.withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS), request);
    }

    private Channel with(@Nullable String token) {
        if (token == null) {
            return channel;
        }
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER), token);
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private String readable(Message response) {
        return Answer.readable(Relative.fromServer(response, base), authBase);
    }

    private static String readable(Status status) {
        return status.getCode() + ": " + status.getDescription();
    }

    /** Returns when all has been heard that the embedded server said to watches until now; etcd takes its time. */
    void awaitSaid() {
        var unused = call(
                KVGrpc.getRangeMethod(), RangeRequest.newBuilder().setKey(ALL).build());
    }

    /**
     * Returns when etcd has served the watches of the past that it has now. It looks for them every 100 ms, and serves all
     * that it finds at once; so one more of them, on a stream of its own, tells.
     */
    void awaitServed() {
        String token = enabled ? new Clearing(channel).tokenOfRoot() : null;
        WatchCreateRequest everything = WatchCreateRequest.newBuilder()
                .setKey(ALL)
                .setRangeEnd(ALL)
                .setStartRevision(base)
                .build();
        try (WatchLog one = new WatchLog(with(token), user, token, 0)) {
            one.send(WatchRequest.newBuilder().setCreateRequest(everything).build());
            long deadline = System.nanoTime() + SERVED_NANOS;
            // That it is created, and then what has happened or that it is compacted.
            while (one.heard() < 2) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IllegalStateException("etcd does not serve a watch of the past: " + one.byWatch());
                }
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    long base() {
        return base;
    }

    ManagedChannel channel() {
        return channel;
    }

    void end() {
        watches.values().forEach(WatchLog::close);
        watches.clear();
        tokens.clear();
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
