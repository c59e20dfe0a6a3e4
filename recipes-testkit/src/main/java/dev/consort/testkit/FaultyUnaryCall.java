/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A unary call that looks at its request before it decides what becomes of it. Until then it only remembers what it was
 * told; then it is either an ordinary call, or one whose sendings are detached from what the client sees.
 *
 * <p>Concurrency: gRPC calls everything but {@code cancel} from one thread at a time, so fields without a word are
 * confined to that; the lock makes the client see one end only, whoever brings it about.
 */
final class FaultyUnaryCall<Q, R> extends ClientCall<Q, R> {
    private final CallFaults faults;
    private final MethodDescriptor<Q, R> method;
    private final CallOptions options;
    private final Channel next;
    private final Context context = Context.current();
    private final ReentrantLock lock = new ReentrantLock();

    private @Nullable Listener<R> listener;
    private Metadata headers = new Metadata();
    private @Nullable Q request;
    private int requested;

    @GuardedBy("lock")
    private @Nullable ClientCall<Q, R> ordinary;

    @GuardedBy("lock")
    private boolean ended;

    FaultyUnaryCall(CallFaults faults, MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        this.faults = faults;
        this.method = method;
        this.options = options;
        this.next = next;
    }

    @Override
    public void start(Listener<R> responseListener, Metadata requestHeaders) {
        listener = responseListener;
        headers = requestHeaders;
    }

    @Override
    public void request(int messages) {
        ClientCall<Q, R> call = ordinary();
        if (call == null) {
            requested += messages;
        } else {
            call.request(messages);
        }
    }

    @Override
    public void sendMessage(Q message) {
        request = message;
    }

    @Override
    public void halfClose() {
        Q message = Objects.requireNonNull(request, "a unary call without a request");
        CallFault fault = faults.strike(method, message, null);
        if (fault == null) {
            goOn(message);
            return;
        }
        switch (fault.kind()) {
            case REFUSE -> {
                end(DetachedCall.Reply.failed(fault.refusal()));
                fault.struck();
            }
            case HANG_REQUEST -> {
                endWhenClientGivesUp();
                fault.struck();
            }
            case LOSE_REPLY, HANG_REPLY -> {
                endWhenClientGivesUp();
                send(message, reply -> loseReply(fault, reply));
            }
            case HOLD -> {
                endWhenClientGivesUp();
                fault.atItsTime(() -> send(message, reply -> {
                    end(reply);
                    fault.landed(reply.status());
                }));
                fault.struck();
            }
            case HOLD_REPLY -> {
                endWhenClientGivesUp();
                send(message, reply -> {
                    fault.atItsTime(() -> end(reply));
                    fault.struck();
                    fault.landed(reply.status());
                });
            }
            case LATE -> {
                end(DetachedCall.Reply.failed(Status.UNAVAILABLE.withDescription("request delayed by CallFaults")));
                fault.atItsTime(() -> send(message, reply -> fault.landed(reply.status())));
                fault.struck();
            }
            case DUPLICATE -> {
                Metadata copy = copyOfHeaders();
                goOn(message);
                fault.atItsTime(() -> {
                    DetachedCall.send(next, method, options, copy, message, reply -> fault.landed(reply.status()));
                    fault.struck();
                });
            }
            case BREAK_STREAM, DROP_MESSAGE -> throw new IllegalStateException("a fault of streams");
        }
    }

    private void loseReply(CallFault fault, DetachedCall.Reply<R> reply) {
        if (!reply.isFromServer()) {
            end(reply);
            return;
        }
        if (fault.kind() == CallFault.Kind.LOSE_REPLY) {
            end(DetachedCall.Reply.failed(Status.UNAVAILABLE.withDescription("reply lost by CallFaults")));
        }
        fault.struck();
        fault.landed(reply.status());
    }

    private void send(Q message, Consumer<DetachedCall.Reply<R>> onReply) {
        DetachedCall.send(next, method, options, copyOfHeaders(), message, onReply);
    }

    private void goOn(Q message) {
        ClientCall<Q, R> call = next.newCall(method, options);
        lock.lock();
        try {
            if (ended) {
                return;
            }
            ordinary = call;
            call.start(Objects.requireNonNull(listener), headers);
        } finally {
            lock.unlock();
        }
        call.request(requested);
        call.sendMessage(message);
        call.halfClose();
    }

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {
        ClientCall<Q, R> call = ordinary();
        if (call == null) {
            end(DetachedCall.Reply.failed(
                    Status.CANCELLED.withDescription(message).withCause(cause)));
        } else {
            call.cancel(message, cause);
        }
    }

    private @Nullable ClientCall<Q, R> ordinary() {
        lock.lock();
        try {
            return ordinary;
        } finally {
            lock.unlock();
        }
    }

    private void endWhenClientGivesUp() {
        Deadline deadline = options.getDeadline();
        if (deadline != null) {
            Duration left = Duration.ofNanos(Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS)));
            Daemons.after(
                    left,
                    () -> end(DetachedCall.Reply.failed(
                            Status.DEADLINE_EXCEEDED.withDescription("the call hung in CallFaults"))));
        }
        context.addListener(
                cancelled -> end(DetachedCall.Reply.failed(Contexts.statusFromCancelled(cancelled))),
                Daemons.callbacks());
    }

    /** Shows the client this end, unless it has seen one. */
    private void end(DetachedCall.Reply<R> reply) {
        lock.lock();
        try {
            if (ended || ordinary != null) {
                return;
            }
            ended = true;
        } finally {
            lock.unlock();
        }
        Listener<R> client = listener;
        Executor executor = options.getExecutor() == null ? Daemons.callbacks() : options.getExecutor();
        if (client != null) {
            executor.execute(() -> reply.showTo(client));
        }
    }

    private Metadata copyOfHeaders() {
        Metadata copy = new Metadata();
        copy.merge(headers);
        return copy;
    }
}
