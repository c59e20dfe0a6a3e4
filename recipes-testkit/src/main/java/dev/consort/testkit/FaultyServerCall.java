/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.CallFault.Kind;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call as the server sees it, which may be struck by faults.
 *
 * <p>Concurrency: what comes in goes through one lane and what goes out through another, each of which does one thing
 * at a time, so fields without a word are confined to the lane that the comment names.
 */
final class FaultyServerCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final ServerFaults faults;
    private final ServerGate.Lane in;
    private final ServerGate.Lane out;
    private final boolean unary;
    private final AtomicBoolean broken = new AtomicBoolean();

    /** Confined to the lane out. */
    private boolean closed;

    /** Whether the handler knows that the call is over; it is told of an end that it did not bring about. */
    private volatile boolean ended;

    /** Confined to the lane out. */
    private int sent;

    /** Confined to the lane out. */
    private @Nullable StreamCut cut;

    /** Written before the request is handed on, and so before there is an answer. */
    private volatile @Nullable CallFault onReply;

    /** The same; its reply waits in the lane out. */
    private volatile @Nullable CallFault held;

    FaultyServerCall(ServerFaults faults, ServerGate gate, ServerCall<Q, R> call) {
        super(call);
        this.faults = faults;
        this.in = gate.new Lane();
        this.out = gate.new Lane();
        this.unary = call.getMethodDescriptor().getType().clientSendsOneMessage()
                && call.getMethodDescriptor().getType().serverSendsOneMessage();
    }

    ServerCall.Listener<Q> start(Metadata headers, ServerCallHandler<Q, R> next) {
        faults.opened(this);
        // A copy, since a second start of the same request must not see what the first one made of them.
        Metadata copy = new Metadata();
        copy.merge(headers);
        ServerCall.Listener<Q> handler = next.startCall(this, headers);
        return new LaneListener(handler, () -> next.startCall(new SilentCall<>(delegate()), copy));
    }

    boolean isStreamOf(String name) {
        return !unary && name.equals(MethodNames.simple(getMethodDescriptor().getFullMethodName()));
    }

    /** Ends the call as a broken connection does; false if that was done before. */
    boolean breakNow() {
        if (!broken.compareAndSet(false, true)) {
            return false;
        }
        out.add(() -> closeWith("broken by EmbeddedFaults"));
        return true;
    }

    private void closeWith(String reason) {
        closeWith(Status.UNAVAILABLE.withDescription(reason));
    }

    private void closeWith(Status refusal) {
        if (!closed) {
            closed = true;
            delegate().close(refusal, new Metadata());
        }
    }

    @Override
    public void sendHeaders(Metadata headers) {
        out.add(() -> {
            if (!closed && onReply == null) {
                delegate().sendHeaders(headers);
            }
        });
    }

    @Override
    public void sendMessage(R message) {
        out.add(() -> {
            if (!closed && onReply == null && passes(message, Direction.TO_CLIENT)) {
                delegate().sendMessage(message);
                countTowardsCut();
            }
        });
    }

    private void countTowardsCut() {
        if (unary) {
            return;
        }
        if (cut == null) {
            cut = faults.claimCut(getMethodDescriptor());
            sent = 0;
        }
        sent++;
        if (cut != null && sent >= cut.messages()) {
            broken.set(true);
            closeWith("cut by EmbeddedFaults");
            cut.struck();
        }
    }

    @Override
    public void close(Status status, Metadata trailers) {
        ended = true;
        CallFault holding = held;
        if (holding != null) {
            holding.struck();
            holding.landed(status);
        }
        out.add(() -> {
            CallFault fault = onReply;
            if (fault != null) {
                if (fault.kind() == Kind.LOSE_REPLY) {
                    closeWith("reply lost by EmbeddedFaults");
                }
                if (fault.kind() != Kind.LATE) {
                    fault.struck();
                }
                fault.landed(status);
            } else if (!closed) {
                closed = true;
                delegate().close(status, trailers);
            }
        });
    }

    /** Whether a message of a stream is to go on; has the side effects of the fault that strikes it. */
    private boolean passes(Object message, Direction direction) {
        CallFault fault = unary ? null : faults.strike(getMethodDescriptor(), message, direction);
        if (fault == null) {
            return true;
        }
        if (fault.kind() == Kind.BREAK_STREAM) {
            boolean unused = breakNow();
        }
        fault.struck();
        return false;
    }

    /** What the client sends, in order; confined to the lane in. */
    private final class LaneListener extends ServerCall.Listener<Q> {
        private final ServerCall.Listener<Q> handler;
        private final Supplier<ServerCall.Listener<Q>> another;
        private @Nullable Q request;

        LaneListener(ServerCall.Listener<Q> handler, Supplier<ServerCall.Listener<Q>> another) {
            this.handler = handler;
            this.another = another;
        }

        @Override
        public void onMessage(Q message) {
            in.add(() -> {
                request = message;
                if (passes(message, Direction.TO_SERVER)) {
                    handler.onMessage(message);
                } else {
                    delegate().request(1);
                }
            });
        }

        @Override
        public void onHalfClose() {
            in.add(() -> {
                Q message = request;
                CallFault fault = unary && message != null ? faults.strike(getMethodDescriptor(), message, null) : null;
                if (fault == null) {
                    handler.onHalfClose();
                } else {
                    strike(fault, Objects.requireNonNull(message));
                }
            });
        }

        private void strike(CallFault fault, Q message) {
            switch (fault.kind()) {
                case REFUSE -> {
                    out.add(() -> closeWith(fault.refusal()));
                    fault.struck();
                }
                case HANG_REQUEST -> fault.struck();
                case LOSE_REPLY, HANG_REPLY -> {
                    onReply = fault;
                    handler.onHalfClose();
                }
                case HOLD -> deliverLate(fault);
                case HOLD_REPLY -> {
                    held = fault;
                    out.hold();
                    fault.atItsTime(out::release);
                    handler.onHalfClose();
                }
                case LATE -> {
                    onReply = fault;
                    out.add(() -> closeWith("request delayed by EmbeddedFaults"));
                    deliverLate(fault);
                }
                case DUPLICATE -> {
                    handler.onHalfClose();
                    fault.atItsTime(() -> {
                        ServerCall.Listener<Q> copy = another.get();
                        copy.onMessage(message);
                        copy.onHalfClose();
                        fault.struck();
                        fault.landed(Status.OK);
                    });
                }
                case BREAK_STREAM, DROP_MESSAGE -> throw new IllegalStateException("a fault of streams");
            }
        }

        /** The end of the call waits behind the request, so that this lands though the client has given up. */
        private void deliverLate(CallFault fault) {
            in.hold();
            fault.struck();
            fault.atItsTime(() -> {
                handler.onHalfClose();
                if (fault.kind() == Kind.HOLD) {
                    fault.landed(Status.OK);
                }
                in.release();
            });
        }

        @Override
        public void onCancel() {
            in.add(() -> {
                ended();
                handler.onCancel();
            });
        }

        @Override
        public void onComplete() {
            in.add(() -> {
                ended();
                if (ended) {
                    handler.onComplete();
                } else {
                    handler.onCancel();
                }
            });
        }

        private void ended() {
            faults.closed(FaultyServerCall.this);
            in.end();
            out.end();
        }

        @Override
        public void onReady() {
            in.add(handler::onReady);
        }
    }
}
