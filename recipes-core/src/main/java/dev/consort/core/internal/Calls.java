/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that have one answer, each with a deadline and with its failure as a {@link CallFailure}. Futures complete on
 * gRPC's transport thread: what depends on them must hand over to a {@link Serializer} or do next to nothing.
 *
 * <p>Nothing is sent twice unless the caller asks for it by {@link #untilAnswered}, which only idempotent requests may
 * use. Calls fail fast, and a failure ends grpc-java's own reconnect back-off, which grows to two minutes.
 *
 * <p>Thread-safe.
 */
final class Calls {
    /** The first attempt's deadline with the default request timeout; doubled at each retry. */
    static final Duration FIRST_ATTEMPT = Duration.ofSeconds(1);

    /** Whoever sets a longer request timeout has a slower network, where a second is over before the answer can come. */
    private static final Duration SLOW_REQUEST_TIMEOUT = Duration.ofSeconds(5);

    /** More than one, for a change of users and roles may follow another. */
    private static final int MORE_TOKENS = 3;

    private static final Logger log = LoggerFactory.getLogger(Calls.class);

    private static final long FIRST_PAUSE_MILLIS = 20;
    private static final long LONGEST_PAUSE_MILLIS = 500;

    private final Channel channel;
    private final ManagedChannel transport;
    private final CallOptions options;
    private final Timing timing;
    private final Duration requestTimeout;
    private final Duration firstAttempt;
    private final AtomicLong lastReset;
    private final ClusterHistory history = new ClusterHistory();
    private final Set<CompletableFuture<?>> unanswered = ConcurrentHashMap.newKeySet();
    private volatile boolean closed; // set once, by close

    Calls(ManagedChannel channel, CallOptions options, Timing timing, Duration requestTimeout) {
        this(channel, channel, options, timing, requestTimeout);
    }

    /** By a channel that stands in front of another one. */
    Calls(Channel channel, ManagedChannel transport, CallOptions options, Timing timing, Duration requestTimeout) {
        this.channel = channel;
        this.transport = transport;
        // A batch of events over the limit, 4 MiB unless the client sets it, would break every stream that it comes by.
        this.options = options.withExecutor(Runnable::run).withMaxInboundMessageSize(Integer.MAX_VALUE);
        this.timing = timing;
        this.requestTimeout = requestTimeout;
        this.firstAttempt = requestTimeout.compareTo(SLOW_REQUEST_TIMEOUT) > 0
                ? requestTimeout.multipliedBy(3).dividedBy(10)
                : FIRST_ATTEMPT;
        this.lastReset = new AtomicLong(timing.nanoTime());
    }

    ClusterHistory history() {
        return history;
    }

    Duration requestTimeout() {
        return requestTimeout;
    }

    CompletableFuture<TxnResponse> txn(TxnRequest request) {
        return once(KVGrpc.getTxnMethod(), request, attemptTimeout(0));
    }

    /** For transactions that have the same effect applied once, twice or late. */
    CompletableFuture<TxnResponse> untilAnswered(TxnRequest request, BooleanSupplier wanted) {
        return untilAnswered(KVGrpc.getTxnMethod(), request, wanted);
    }

    CompletableFuture<RangeResponse> range(RangeRequest request, BooleanSupplier wanted) {
        return untilAnswered(KVGrpc.getRangeMethod(), request, wanted);
    }

    /**
     * The deadline of an attempt: 1 s, or 3/10 of a request timeout over 5 s; then twice as long each, never more than the
     * request timeout.
     */
    Duration attemptTimeout(int attempt) {
        Duration timeout = firstAttempt.multipliedBy(1L << Math.min(attempt, 10));
        return timeout.compareTo(requestTimeout) < 0 ? timeout : requestTimeout;
    }

    /** The pause before an attempt after the first, with jitter so that many clients do not come back at once. */
    Duration pause(int attempt) {
        long bound = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(attempt, 10));
        return Backoff.jittered(TimeUnit.MILLISECONDS.toNanos(bound), timing::random);
    }

    /**
     * Sends an idempotent request again and again until it is answered, refused for good, or no longer wanted. Later attempts
     * may take longer, for a slow network's sake, but do not wait for each other: gRPC might choose a silent endpoint
     * several times in a row.
     */
    <Q, A> CompletableFuture<A> untilAnswered(MethodDescriptor<Q, A> method, Q request, BooleanSupplier wanted) {
        CompletableFuture<A> result = answeredAtLatestByClose(new CompletableFuture<>());
        attempt(method, request, wanted, 0, result);
        return result;
    }

    /** For what waits for a timer between attempts: there are none any more once the connection is closed. */
    @SuppressWarnings("CollectionUndefinedEquality") // A future equals itself only, which is what is meant.
    <A> CompletableFuture<A> answeredAtLatestByClose(CompletableFuture<A> result) {
        unanswered.add(result);
        Completion.of(result, (answer, failure) -> unanswered.remove(result));
        return result;
    }

    /** Fails what has not been answered. To be called when timers have ended, so that nothing is tried again. */
    void close() {
        closed = true;
        unanswered.forEach(result ->
                result.completeExceptionally(CallFailure.ended("its connection was closed before etcd had answered")));
    }

    private <Q, A> void attempt(
            MethodDescriptor<Q, A> method,
            Q request,
            BooleanSupplier wanted,
            int attempt,
            CompletableFuture<A> result) {
        AtomicBoolean overtaken = new AtomicBoolean();
        Timing.Timer next = attempt == 0
                ? Timing.Timer.NONE
                : timing.schedule(firstAttempt, () -> {
                    if (!result.isDone()
                            && !isShutDown()
                            && wanted.getAsBoolean()
                            && overtaken.compareAndSet(false, true)) {
                        attempt(method, request, wanted, attempt + 1, result);
                    }
                });
        Completion.of(once(method, request, attemptTimeout(attempt)), (answer, failure) -> {
            next.cancel();
            if (failure == null) {
                result.complete(answer);
            } else if (!(failure instanceof CallFailure call) || !call.retriable()) {
                result.completeExceptionally(failure);
            } else if (overtaken.compareAndSet(false, true)) {
                if (!isShutDown() && wanted.getAsBoolean()) {
                    timing.schedule(pause(attempt), () -> attempt(method, request, wanted, attempt + 1, result));
                } else {
                    result.completeExceptionally(failure);
                }
            }
        });
    }

    /** Sends a request once, with a deadline. */
    <Q, A> CompletableFuture<A> once(MethodDescriptor<Q, A> method, Q request, Duration timeout) {
        CompletableFuture<A> result = new CompletableFuture<>();
        send(method, request, timeout, result, MORE_TOKENS);
        return result;
    }

    private <Q, A> void send(
            MethodDescriptor<Q, A> method, Q request, Duration timeout, CompletableFuture<A> result, int moreTokens) {
        // A call that is refused for its token was not applied, and the next one carries another token.
        Runnable again = moreTokens == 0 ? null : () -> send(method, request, timeout, result, moreTokens - 1);
        ClientCall<Q, A> call = null;
        try {
            call = channel.newCall(
                    method, options.withDeadlineAfter(Math.max(1, timeout.toNanos()), TimeUnit.NANOSECONDS));
            call.start(new FirstAnswer<>(request, result, again), new Metadata());
            call.request(2);
            call.sendMessage(request);
            call.halfClose();
        } catch (RuntimeException e) {
            result.completeExceptionally(thrown(method, call, e));
        }
    }

    /** Users' interceptors, and those of jetcd, may throw in any thread of ours; whoever asked is to be told instead. */
    private static CallFailure thrown(
            MethodDescriptor<?, ?> method, @Nullable ClientCall<?, ?> call, RuntimeException e) {
        log.warn("{} could not be called: an interceptor of the client, or gRPC, threw", method.getFullMethodName(), e);
        if (call != null) {
            call.cancel("could not be begun", e);
        }
        return CallFailure.of(Status.fromThrowable(e).augmentDescription("thrown before it was sent"));
    }

    /** Opens a stream; the listener runs on gRPC's transport thread. */
    /** Of which the first message has been asked for. One that cannot be begun is closed at once, as far as its listener can tell. */
    <Q, A> ClientCall<Q, A> stream(MethodDescriptor<Q, A> method, ClientCall.Listener<A> listener, Metadata headers) {
        ClientCall<Q, A> call = null;
        try {
            call = channel.newCall(method, options);
            call.start(listener, headers);
            call.request(1);
            return call;
        } catch (RuntimeException e) {
            CallFailure why = thrown(method, call, e);
            listener.onClose(Status.fromCode(why.code()).withDescription(why.getMessage()), new Metadata());
            return new DeadCall<>();
        }
    }

    /** Wanted for as long as one operation may take. */
    BooleanSupplier forTheRequestTimeout() {
        long start = timing.nanoTime();
        return () -> timing.nanoTime() - start < requestTimeout.toNanos();
    }

    void later(Duration delay, Runnable task) {
        timing.schedule(delay, task);
    }

    /** Whether the client was closed under us: no call will ever be answered. */
    boolean isShutDown() {
        return closed || transport.isShutdown();
    }

    /** Makes the channel try its dead endpoints now, at most ten times a second. */
    void reconnect() {
        long last = lastReset.get();
        long now = timing.nanoTime();
        if (now - last > TimeUnit.MILLISECONDS.toNanos(100) && lastReset.compareAndSet(last, now)) {
            transport.resetConnectBackoff();
        }
    }

    /** Completes with the first message, or with the status if there is none. */
    private final class FirstAnswer<A> extends ClientCall.Listener<A> {
        private final Object request;
        private final CompletableFuture<A> result;
        private final @Nullable Runnable withAnotherToken;
        private final ClusterHistory.Epoch epoch = history.present();
        private final long seen = epoch.revision();
        private @Nullable A message; // confined to the call's callbacks, which gRPC runs one at a time

        FirstAnswer(Object request, CompletableFuture<A> result, @Nullable Runnable withAnotherToken) {
            this.request = request;
            this.result = result;
            this.withAnotherToken = withAnotherToken;
        }

        @Override
        public void onMessage(A answer) {
            message = answer;
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (message != null && status.isOk()) {
                history.answered(epoch, seen, request, message);
                result.complete(message);
                return;
            }
            if (withAnotherToken != null && TokenInterceptor.isOutdated(status.getDescription())) {
                withAnotherToken.run();
                return;
            }
            CallFailure failure = CallFailure.of(
                    status.isOk() ? Status.INTERNAL.withDescription("the stream ended without an answer") : status);
            if (failure.kind() == CallFailure.Kind.AMBIGUOUS) {
                reconnect();
            }
            result.completeExceptionally(failure);
        }
    }
}
