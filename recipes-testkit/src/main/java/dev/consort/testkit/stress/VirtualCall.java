/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.stress.VirtualLink.Fault;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One call on a {@link VirtualLink}. The client's side is ended by the server's answer, a deadline, a cancellation or a
 * fault; what it has sent until then reaches the server all the same.
 */
final class VirtualCall<Q, R> extends ClientCall<Q, R> {
    /** Deadlines of gRPC count real time from their making on; this is more than may have passed since. */
    private static final long DEADLINE_GRAIN = TimeUnit.MILLISECONDS.toNanos(50);

    private final VirtualLink link;
    private final MethodDescriptor<Q, R> method;
    private final @Nullable Deadline deadline;
    private final boolean unary;
    private Listener<R> listener = new Listener<>() {};
    private Metadata headers = new Metadata();
    private @Nullable ClientCall<Q, R> remote;
    private VirtualTime.@Nullable Event timeout;
    private @Nullable Q request;
    private @Nullable Fault onReply;
    private boolean over;
    private long lastSent;
    private long lastReceived;
    private final Queue<Runnable> sent = new ArrayDeque<>();
    private final Queue<Runnable> received = new ArrayDeque<>();

    VirtualCall(VirtualLink link, MethodDescriptor<Q, R> method, CallOptions options) {
        this.link = link;
        this.method = method;
        this.deadline = options.getDeadline();
        this.unary = method.getType() == MethodType.UNARY;
    }

    boolean isOf(String name) {
        return method.getFullMethodName().endsWith(name);
    }

    // The client's side

    @Override
    public void start(Listener<R> newListener, Metadata newHeaders) {
        listener = newListener;
        headers = newHeaders;
        link.opened(this);
        if (deadline != null) {
            long left = deadline.timeRemaining(TimeUnit.NANOSECONDS);
            Duration rounded = Duration.ofNanos((left + DEADLINE_GRAIN - 1) / DEADLINE_GRAIN * DEADLINE_GRAIN);
            timeout = link.time().after(link.process(), rounded, () -> {
                end(Status.DEADLINE_EXCEEDED.withDescription("deadline exceeded in virtual time"), new Metadata());
                toServer(0, this::cancelRemote);
            });
        }
        if (!unary) {
            toServer(0, () -> remote().request(Integer.MAX_VALUE));
        }
    }

    @Override
    public void request(int messages) {}

    @Override
    public void sendMessage(Q message) {
        if (unary) {
            request = message;
        } else {
            toServer(0, () -> remote().sendMessage(message));
        }
    }

    @Override
    public void halfClose() {
        Q message = request;
        if (!unary || message == null) {
            toServer(0, () -> remote().halfClose());
            return;
        }
        Fault fault = link.strike(method);
        if (fault == null) {
            toServer(0, () -> ask(message));
            return;
        }
        long delay = fault.delay().toNanos();
        if (fault.kind() != Step.Kind.LOSE_REPLY && fault.kind() != Step.Kind.HANG_REPLY) {
            link.struck(fault);
        }
        switch (fault.kind()) {
            case LOSE_REQUEST -> toClient(() -> end(unavailable("request lost"), new Metadata()));
            case HANG_REQUEST -> {}
            case LOSE_REPLY, HANG_REPLY -> {
                onReply = fault;
                toServer(0, () -> ask(message));
            }
            case DELAY -> toServer(delay, () -> ask(message));
            case LAND_LATE -> {
                toClient(() -> end(unavailable("request delayed"), new Metadata()));
                toServer(delay, () -> ask(message));
            }
            case DUPLICATE -> {
                toServer(0, () -> ask(message));
                toServer(delay, () -> askSilently(message));
            }
            default -> throw new IllegalArgumentException(fault.kind() + " is no fault of a call");
        }
    }

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {
        if (!over) {
            Status cancelled = Status.CANCELLED.withDescription(message).withCause(cause);
            var unused = link.time().at(link.process(), link.time().elapsed(), () -> end(cancelled, new Metadata()));
            toServer(0, this::cancelRemote);
        }
    }

    /** Ends it as a broken connection does, on both sides. */
    void breakNow() {
        Status broken = unavailable("connection broken");
        var unused = link.time().at(link.process(), link.time().elapsed(), () -> end(broken, new Metadata()));
        toServer(0, this::cancelRemote);
    }

    private static Status unavailable(String why) {
        return Status.UNAVAILABLE.withDescription(why + " in virtual time");
    }

    private void end(Status status, Metadata trailers) {
        if (!over) {
            over = true;
            link.closed(this);
            if (timeout != null) {
                timeout.cancel();
            }
            listener.onClose(status, trailers);
        }
    }

    // The way: what is held up lets nothing of the same call past it

    private void toServer(long delay, Runnable arrival) {
        lastSent = Math.max(lastSent, link.time().elapsed() + delay + link.latency());
        sent.add(arrival);
        arriveAtServer(lastSent);
    }

    private void arriveAtServer(long when) {
        var unused = link.time().at(link.server().process(), when, () -> {
            long later = link.arrival(false);
            if (later > link.time().elapsed()) {
                arriveAtServer(later);
            } else {
                link.server().serve(sent.remove());
            }
        });
    }

    private void toClient(Runnable arrival) {
        lastReceived = Math.max(lastReceived, link.time().elapsed() + link.latency());
        received.add(arrival);
        arriveAtClient(lastReceived);
    }

    private void arriveAtClient(long when) {
        var unused = link.time().at(link.process(), when, () -> {
            long later = link.arrival(true);
            if (later > link.time().elapsed()) {
                arriveAtClient(later);
            } else {
                received.remove().run();
            }
        });
    }

    // The server's side

    private ClientCall<Q, R> remote() {
        if (remote == null) {
            remote = link.server().channel().newCall(method, CallOptions.DEFAULT);
            remote.start(new Replies(), headers);
        }
        return remote;
    }

    private void ask(Q message) {
        remote().sendMessage(message);
        remote().halfClose();
    }

    private void askSilently(Q message) {
        ClientCall<Q, R> copy = link.server().channel().newCall(method, CallOptions.DEFAULT);
        copy.start(new Listener<>() {}, new Metadata());
        copy.sendMessage(message);
        copy.halfClose();
    }

    private void cancelRemote() {
        if (remote != null) {
            remote.cancel("the client has gone", null);
        }
    }

    private final class Replies extends Listener<R> {
        @Override
        public void onMessage(R message) {
            if (onReply == null) {
                toClient(() -> {
                    if (!over) {
                        listener.onMessage(message);
                    }
                });
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            Fault fault = onReply;
            if (fault == null) {
                toClient(() -> end(status, trailers));
                return;
            }
            link.struck(fault);
            if (fault.kind() == Step.Kind.LOSE_REPLY) {
                toClient(() -> end(unavailable("reply lost"), new Metadata()));
            }
        }
    }

    @Override
    public String toString() {
        return method.getFullMethodName();
    }
}
