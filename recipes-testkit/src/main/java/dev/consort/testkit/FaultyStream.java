/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.consort.testkit.CallFault.Kind;
import io.grpc.ClientCall;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A streaming call that may lose messages and break.
 *
 * <p>Concurrency: the lock orders breaking against sending, since gRPC refuses to send on a cancelled call. Towards the
 * client, gRPC's own order of callbacks is kept: breaking cancels the call, and its end is shown as UNAVAILABLE.
 */
final class FaultyStream<Q, R> extends SimpleForwardingClientCall<Q, R> {
    private final CallFaults faults;
    private final MethodDescriptor<Q, R> method;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private boolean broken;

    FaultyStream(CallFaults faults, MethodDescriptor<Q, R> method, ClientCall<Q, R> call) {
        super(call);
        this.faults = faults;
        this.method = method;
    }

    boolean isOf(String name) {
        return name.equals(MethodNames.simple(method.getFullMethodName()));
    }

    /** False if it had been broken before. */
    boolean breakNow() {
        lock.lock();
        try {
            if (broken) {
                return false;
            }
            broken = true;
            delegate().cancel("broken by CallFaults", null);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isBroken() {
        lock.lock();
        try {
            return broken;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the message is to go on; has the side effects of the fault that strikes it. */
    private boolean passes(Object message, Direction direction) {
        if (isBroken()) {
            return false;
        }
        CallFault fault = faults.strike(method, message, direction);
        if (fault == null) {
            return true;
        }
        if (fault.kind() == Kind.BREAK_STREAM) {
            breakNow();
        }
        fault.struck();
        return false;
    }

    /** Is not broken in the midst of it: gRPC throws from the start of a call that is cancelled then. */
    @Override
    public void start(Listener<R> listener, Metadata headers) {
        lock.lock();
        try {
            faults.opened(this);
            super.start(new FaultyListener(listener), headers);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void sendMessage(Q message) {
        if (passes(message, Direction.TO_SERVER)) {
            lock.lock();
            try {
                if (!broken) {
                    super.sendMessage(message);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** gRPC throws from a call that was cancelled before it had a transport. */
    @Override
    public void request(int messages) {
        lock.lock();
        try {
            if (!broken) {
                super.request(messages);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void halfClose() {
        lock.lock();
        try {
            if (!broken) {
                super.halfClose();
            }
        } finally {
            lock.unlock();
        }
    }

    private final class FaultyListener extends SimpleForwardingClientCallListener<R> {
        FaultyListener(Listener<R> listener) {
            super(listener);
        }

        @Override
        public void onMessage(R message) {
            if (passes(message, Direction.TO_CLIENT)) {
                super.onMessage(message);
            } else {
                // The client has asked for a message and not got it: ask for the next one in its place.
                FaultyStream.this.request(1);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            faults.closed(FaultyStream.this);
            super.onClose(
                    isBroken() ? Status.UNAVAILABLE.withDescription("stream broken by CallFaults") : status, trailers);
        }
    }
}
