/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A channel whose calls are served by the thread that makes them, before it goes on: no transport, deadline or flow
 * control, and callbacks on no other executor than a call's own. What a call makes the server say to others is said by
 * that thread, too. Threadsafe as long as each call
 * is used by one thread at a time.
 */
final class DirectChannel extends Channel {
    private final Map<String, ServerMethodDefinition<?, ?>> methods = new HashMap<>();

    /** The first interceptor is asked first. */
    DirectChannel(List<ServerServiceDefinition> services, List<ServerInterceptor> interceptors) {
        for (ServerServiceDefinition service : services) {
            for (ServerMethodDefinition<?, ?> method :
                    ServerInterceptors.interceptForward(service, interceptors).getMethods()) {
                methods.put(method.getMethodDescriptor().getFullMethodName(), method);
            }
        }
    }

    @Override
    public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
        return new DirectCall<>(method, methods.get(method.getFullMethodName()), options.getExecutor());
    }

    @Override
    public String authority() {
        return "embedded";
    }

    /** Q and R as the client knows them, S and T as the server does; nearly always they are the same. */
    private static final class DirectCall<Q, R, S, T> extends ClientCall<Q, R> {
        private final MethodDescriptor<Q, R> asked;
        private final @Nullable ServerMethodDefinition<S, T> served;
        private ClientCall.@Nullable Listener<R> client;
        private ServerCall.@Nullable Listener<S> server;
        private final Executor callbacks;
        private volatile boolean closed; // by a fault's thread, if it delays the call

        DirectCall(
                MethodDescriptor<Q, R> asked,
                @Nullable ServerMethodDefinition<S, T> served,
                @Nullable Executor callbacks) {
            this.asked = asked;
            this.served = served;
            this.callbacks = callbacks == null ? Runnable::run : callbacks;
        }

        @Override
        public void start(ClientCall.Listener<R> listener, Metadata headers) {
            client = listener;
            if (served == null) {
                closeWith(
                        Status.UNIMPLEMENTED.withDescription("Method not found: " + asked.getFullMethodName()),
                        new Metadata());
            } else {
                server = served.getServerCallHandler().startCall(new Answers(served.getMethodDescriptor()), headers);
                server.onReady();
            }
        }

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {
            if (!closed) {
                closeWith(Status.CANCELLED.withDescription(message).withCause(cause), new Metadata());
                if (server != null) {
                    server.onCancel();
                }
            }
        }

        @Override
        public void sendMessage(Q message) {
            if (!closed && server != null && served != null) {
                server.onMessage(translated(message, asked.getRequestMarshaller(), served.getMethodDescriptor()));
            }
        }

        @SuppressWarnings("unchecked") // by the same descriptor it is the same type
        private S translated(Q message, MethodDescriptor.Marshaller<Q> from, MethodDescriptor<S, T> to) {
            return (Object) asked == to ? (S) message : to.parseRequest(from.stream(message));
        }

        @Override
        public void halfClose() {
            if (!closed && server != null) {
                server.onHalfClose();
            }
        }

        private void closeWith(Status status, Metadata trailers) {
            ClientCall.Listener<R> listener = client;
            if (!closed && listener != null) {
                closed = true;
                callbacks.execute(() -> listener.onClose(status, trailers));
            }
        }

        /** The server's side. */
        private final class Answers extends ServerCall<S, T> {
            private final MethodDescriptor<S, T> method;

            Answers(MethodDescriptor<S, T> method) {
                this.method = method;
            }

            @Override
            public void request(int messages) {}

            @Override
            public void sendHeaders(Metadata headers) {
                ClientCall.Listener<R> listener = client;
                if (!closed && listener != null) {
                    callbacks.execute(() -> listener.onHeaders(headers));
                }
            }

            @Override
            @SuppressWarnings("unchecked") // by the same descriptor it is the same type
            public void sendMessage(T message) {
                ClientCall.Listener<R> listener = client;
                if (!closed && listener != null) {
                    InputStream unread = (Object) asked == method ? null : method.streamResponse(message);
                    R translated = unread == null ? (R) message : asked.parseResponse(unread);
                    callbacks.execute(() -> listener.onMessage(translated));
                }
            }

            @Override
            public void close(Status status, Metadata trailers) {
                if (!closed) {
                    closeWith(status, trailers);
                    if (server != null) {
                        server.onComplete();
                    }
                }
            }

            @Override
            public boolean isReady() {
                return !closed;
            }

            @Override
            public boolean isCancelled() {
                return closed;
            }

            @Override
            public Attributes getAttributes() {
                return Attributes.EMPTY;
            }

            @Override
            public MethodDescriptor<S, T> getMethodDescriptor() {
                return method;
            }
        }
    }
}
