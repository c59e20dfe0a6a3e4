/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Causes faults in the gRPC calls of a client, as a network or a dying server would, but at a call that the test
 * chooses:
 *
 * <pre>{@code
 * CallFaults faults = CallFaults.create();
 * Client client = Client.builder().endpoints(etcd.endpoints().toArray(String[]::new)).interceptor(faults).build();
 * CallFault lost = faults.loseNextReply(CallMatcher.method("KV/Txn"));
 * ... // what makes the client send a transaction
 * lost.hit().get(5, SECONDS);
 * }</pre>
 *
 * <p>Of several faults that match a call, the one that was asked for first strikes. Requests that a fault sends late or
 * twice are calls of their own: neither the client's deadline nor its cancelling stops them, only closing its channel
 * does. Interceptors that the client was given <em>after</em> this one see a call before it; one that sets deadlines
 * should be among them, so that a call that hangs here ends with its deadline.
 *
 * <p>This class is threadsafe, and may be given to several clients. Callbacks of calls that were struck run on the
 * call's executor, or on a thread of the test kit if it has none.
 */
public final class CallFaults implements ClientInterceptor {
    private final List<CallFault> active = new CopyOnWriteArrayList<>();
    private final Set<FaultyStream<?, ?>> streams = ConcurrentHashMap.newKeySet();

    private CallFaults() {}

    /** An interceptor that causes no faults yet. */
    public static CallFaults create() {
        return new CallFaults();
    }

    /** The next matching call. */
    public MatchedCalls next(CallMatcher matcher) {
        return next(1, matcher);
    }

    /**
     * The next matching calls.
     *
     * @param times how many, 1 or more
     */
    public MatchedCalls next(int times, CallMatcher matcher) {
        if (times < 1) {
            throw new IllegalArgumentException("times must be 1 or more: " + times);
        }
        return new MatchedCalls(matcher, times, this::install);
    }

    /** All matching calls until the fault is stopped. */
    public MatchedCalls every(CallMatcher matcher) {
        return new MatchedCalls(matcher, CallFault.untilStopped(), this::install);
    }

    /** Short for {@code next(matcher).loseRequest()}. */
    public CallFault loseNextRequest(CallMatcher matcher) {
        return next(matcher).loseRequest();
    }

    /** Short for {@code next(matcher).loseReply()}. */
    public CallFault loseNextReply(CallMatcher matcher) {
        return next(matcher).loseReply();
    }

    /** Short for {@code next(matcher).delay(delay)}. */
    public CallFault delayNext(CallMatcher matcher, Duration delay) {
        return next(matcher).delay(delay);
    }

    /** Short for {@code next(matcher).duplicate()}. */
    public CallFault duplicateNext(CallMatcher matcher) {
        return next(matcher).duplicate();
    }

    /**
     * Breaks the streams of a method that are open now: the client sees UNAVAILABLE, the server a cancelled stream.
     *
     * @param method such as {@code Watch/Watch}
     * @return how many there were
     */
    public int breakStreams(String method) {
        String name = MethodNames.simple(method);
        int broken = 0;
        for (FaultyStream<?, ?> stream : streams) {
            if (stream.isOf(name) && stream.breakNow()) {
                broken++;
            }
        }
        return broken;
    }

    private void install(CallFault fault) {
        active.removeIf(CallFault::spent);
        active.add(fault);
    }

    /** Stops every fault. What is held back is sent at its time, or at its release. */
    public void clear() {
        active.forEach(CallFault::stop);
        active.clear();
    }

    /** For gRPC. */
    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return method.getType() == MethodType.UNARY
                ? new FaultyUnaryCall<>(this, method, options, next)
                : new FaultyStream<>(this, method, next.newCall(method, options));
    }

    /** The fault that strikes this message, if any; a direction means that it is one of a stream. */
    @Nullable
    CallFault strike(MethodDescriptor<?, ?> method, Object message, @Nullable Direction direction) {
        for (CallFault fault : active) {
            if (fault.claim(method, message, direction)) {
                return fault;
            }
        }
        return null;
    }

    void opened(FaultyStream<?, ?> stream) {
        streams.add(stream);
    }

    void closed(FaultyStream<?, ?> stream) {
        streams.remove(stream);
    }
}
