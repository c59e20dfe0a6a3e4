/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The network between one process and the server, in virtual time: each message takes its time, those of one call keep
 * their order, and faults strike as {@link dev.consort.testkit.CallFaults} has them. Used by one thread at a time.
 */
final class VirtualLink implements ClientInterceptor {
    /** The next transaction's lot. */
    record Fault(Step.Kind kind, Duration delay) {}

    private static final long FASTEST = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long SPREAD = TimeUnit.MICROSECONDS.toNanos(450);
    private static final String TXN = "etcdserverpb.KV/Txn";

    private final VirtualTime time;
    private final VirtualProcess process;
    private final VirtualServer server;
    private final Set<VirtualCall<?, ?>> open = new LinkedHashSet<>();
    private final Deque<Fault> faults = new ArrayDeque<>();
    private final Map<Step.Kind, Long> hits = new EnumMap<>(Step.Kind.class);
    private long silentUntil;
    private long repliesHeldUntil;

    VirtualLink(VirtualTime time, VirtualProcess process, VirtualServer server) {
        this.time = time;
        this.process = process;
        this.server = server;
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new VirtualCall<>(this, method, options);
    }

    VirtualTime time() {
        return time;
    }

    VirtualProcess process() {
        return process;
    }

    VirtualServer server() {
        return server;
    }

    long latency() {
        return FASTEST + time.random(SPREAD);
    }

    // Faults

    void next(Fault fault) {
        faults.add(fault);
    }

    @Nullable
    Fault strike(MethodDescriptor<?, ?> method) {
        return method.getFullMethodName().equals(TXN) ? faults.poll() : null;
    }

    void struck(Fault fault) {
        hits.merge(fault.kind(), 1L, Long::sum);
    }

    long hits(Step.Kind kind) {
        return hits.getOrDefault(kind, 0L);
    }

    /** Nothing comes through, and no connection breaks: all of it arrives afterwards. */
    void silence(Duration howLong) {
        silentUntil = Math.max(silentUntil, time.elapsed() + howLong.toNanos());
    }

    void holdReplies(Duration howLong) {
        repliesHeldUntil = Math.max(repliesHeldUntil, time.elapsed() + howLong.toNanos());
    }

    /** When something that would arrive now is to arrive. */
    long arrival(boolean reply) {
        return reply ? Math.max(silentUntil, repliesHeldUntil) : silentUntil;
    }

    /** Ends every fault; what is on its way arrives. */
    void heal() {
        faults.clear();
        silentUntil = 0;
        repliesHeldUntil = 0;
    }

    int breakStreams(String method) {
        List<VirtualCall<?, ?>> broken =
                open.stream().filter(call -> call.isOf(method)).toList();
        broken.forEach(VirtualCall::breakNow);
        return broken.size();
    }

    int breakAll() {
        List<VirtualCall<?, ?>> broken = List.copyOf(open);
        broken.forEach(VirtualCall::breakNow);
        return broken.size();
    }

    void opened(VirtualCall<?, ?> call) {
        open.add(call);
    }

    void closed(VirtualCall<?, ?> call) {
        open.remove(call);
    }

    /** The methods of the calls that nobody has ended. */
    List<String> open() {
        return open.stream().map(VirtualCall::toString).toList();
    }
}
