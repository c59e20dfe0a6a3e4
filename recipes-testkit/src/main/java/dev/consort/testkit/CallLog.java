/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.CallCounts.MethodCounts;
import dev.consort.testkit.CallCounts.WatchCounts;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the gRPC calls of clients, the messages of each stream, and watches, so that a test can say what an operation
 * costs:
 *
 * <pre>{@code
 * CallLog log = CallLog.create();
 * Client client = Client.builder().endpoints(etcd.endpoints().toArray(String[]::new)).interceptor(log).build();
 * CallCounts before = log.counts();
 * ...
 * assertThat(log.counts().since(before).unaryCalls("KV/Txn")).isEqualTo(1);
 * }</pre>
 *
 * <p>Beside {@link CallFaults}, the order in which a client is given its interceptors decides what is counted: the ones
 * given later see a call earlier. A log given before the faults counts what passes them, second copies included; one
 * given after them counts what the client does.
 *
 * <p>A call is counted when it is started, a message when it is handed on. This class is threadsafe, may be given to
 * several clients and takes no locks. Counts taken while calls are running are no snapshot of one moment.
 */
public final class CallLog implements ClientInterceptor {
    private final Map<String, Methods> methods = new ConcurrentHashMap<>();
    private final WatchTally watches = new WatchTally();
    private final AtomicLong streamNumbers = new AtomicLong();
    private volatile CallCounts origin = new CallCounts(Map.of(), new WatchCounts(0, 0, 0, 0)); // set by reset

    private CallLog() {}

    /** A log that has counted nothing. */
    public static CallLog create() {
        return new CallLog();
    }

    /** What has been counted since the log was made or reset. */
    public CallCounts counts() {
        return all().since(origin);
    }

    /** Counts from zero again. Streams and watches that are open stay so. */
    public void reset() {
        origin = all();
    }

    private CallCounts all() {
        Map<String, MethodCounts> counts = new HashMap<>();
        methods.forEach((name, method) -> counts.put(name, method.counts()));
        return new CallCounts(counts, watches.counts());
    }

    /** For gRPC. */
    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        Methods counted = methods.computeIfAbsent(MethodNames.simple(method.getFullMethodName()), Methods::new);
        ClientCall<Q, R> call = next.newCall(method, options);
        return method.getType() == MethodType.UNARY
                ? new UnaryCall<>(call, counted)
                : new StreamCall<>(call, counted.streams, new Stream(counted.name, streamNumbers.incrementAndGet()));
    }

    /** The counters of one method. */
    private static final class Methods {
        final String name;
        final LongAdder calls = new LongAdder();
        final LongAdder failures = new LongAdder();
        final LongAdder open = new LongAdder();
        final Queue<Stream> streams = new ConcurrentLinkedQueue<>();

        Methods(String name) {
            this.name = name;
        }

        MethodCounts counts() {
            List<StreamCounts> each = streams.stream().map(Stream::counts).toList();
            return new MethodCounts(calls.sum(), failures.sum(), open.sum(), each);
        }
    }

    /** The counters of one stream. */
    private static final class Stream {
        final String name;
        final long number;
        final LongAdder sent = new LongAdder();
        final LongAdder received = new LongAdder();
        volatile boolean open = true; // cleared by gRPC's last callback

        Stream(String name, long number) {
            this.name = name;
            this.number = number;
        }

        StreamCounts counts() {
            return new StreamCounts(name, number, true, open, sent.sum(), received.sum());
        }
    }

    private static final class UnaryCall<Q, R> extends SimpleForwardingClientCall<Q, R> {
        private final Methods counted;

        UnaryCall(ClientCall<Q, R> call, Methods counted) {
            super(call);
            this.counted = counted;
        }

        @Override
        public void start(Listener<R> listener, Metadata headers) {
            counted.calls.increment();
            counted.open.increment();
            super.start(
                    new SimpleForwardingClientCallListener<R>(listener) {
                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            counted.open.decrement();
                            if (!status.isOk()) {
                                counted.failures.increment();
                            }
                            super.onClose(status, trailers);
                        }
                    },
                    headers);
        }
    }

    private final class StreamCall<Q, R> extends SimpleForwardingClientCall<Q, R> {
        private final Queue<Stream> streams;
        private final Stream stream;

        StreamCall(ClientCall<Q, R> call, Queue<Stream> streams, Stream stream) {
            super(call);
            this.streams = streams;
            this.stream = stream;
        }

        @Override
        public void start(Listener<R> listener, Metadata headers) {
            streams.add(stream);
            super.start(
                    new SimpleForwardingClientCallListener<R>(listener) {
                        @Override
                        public void onMessage(R message) {
                            stream.received.increment();
                            watches.received(stream.number, message);
                            super.onMessage(message);
                        }

                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            stream.open = false;
                            watches.streamEnded(stream.number);
                            super.onClose(status, trailers);
                        }
                    },
                    headers);
        }

        @Override
        public void sendMessage(Q message) {
            stream.sent.increment();
            watches.sent(message);
            super.sendMessage(message);
        }
    }
}
