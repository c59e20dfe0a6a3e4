/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The faults that an embedded server's calls may be struck by, and the calls that are open. Threadsafe. */
final class ServerFaults {
    private final List<CallFault> active = new CopyOnWriteArrayList<>();
    private final List<StreamCut> cuts = new CopyOnWriteArrayList<>();
    private final Set<FaultyServerCall<?, ?>> open = ConcurrentHashMap.newKeySet();
    private final List<RandomFaults> random = new CopyOnWriteArrayList<>();
    private final List<ServerGate> gates;

    ServerFaults(int members) {
        this.gates = IntStream.range(0, members).mapToObj(i -> new ServerGate()).toList();
    }

    ServerInterceptor ofMember(int index) {
        return new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                FaultyServerCall<Q, R> faulty = new FaultyServerCall<>(ServerFaults.this, gates.get(index), call);
                return faulty.start(headers, next);
            }
        };
    }

    ServerGate gate(int index) {
        return gates.get(index);
    }

    void install(CallFault fault) {
        active.removeIf(CallFault::spent);
        active.add(fault);
    }

    void install(StreamCut cut) {
        cuts.removeIf(StreamCut::spent);
        cuts.add(cut);
    }

    void install(RandomFaults faults) {
        random.add(faults);
    }

    void remove(RandomFaults faults) {
        random.remove(faults);
    }

    void clear() {
        random.forEach(RandomFaults::stop);
        random.clear();
        active.forEach(CallFault::stop);
        active.clear();
        cuts.clear();
    }

    @Nullable
    CallFault strike(MethodDescriptor<?, ?> method, Object message, @Nullable Direction direction) {
        for (CallFault fault : active) {
            if (fault.claim(method, message, direction)) {
                return fault;
            }
        }
        return direction == null ? byLot(method, message) : null;
    }

    private @Nullable CallFault byLot(MethodDescriptor<?, ?> method, Object message) {
        for (RandomFaults faults : random) {
            CallFault fault = faults.lot(method, message);
            if (fault != null) {
                return fault;
            }
        }
        return null;
    }

    /** The cut that a stream is to suffer, from its first message to the client on. */
    @Nullable
    StreamCut claimCut(MethodDescriptor<?, ?> method) {
        for (StreamCut cut : cuts) {
            if (cut.claim(method)) {
                return cut;
            }
        }
        return null;
    }

    int breakCalls(Predicate<FaultyServerCall<?, ?>> which) {
        int broken = 0;
        for (FaultyServerCall<?, ?> call : open) {
            if (which.test(call) && call.breakNow()) {
                broken++;
            }
        }
        return broken;
    }

    void opened(FaultyServerCall<?, ?> call) {
        open.add(call);
    }

    void closed(FaultyServerCall<?, ?> call) {
        open.remove(call);
    }
}
