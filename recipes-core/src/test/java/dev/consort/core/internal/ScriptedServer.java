/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.Client;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Answers calls as a test says, on the test's own thread and without any network. */
final class ScriptedServer implements ClientInterceptor {
    private final List<Call> calls = new ArrayList<>();

    /** A client whose calls end here. */
    Client client() {
        return Client.builder()
                .endpoints("http://127.0.0.1:1")
                .interceptor(this)
                .build();
    }

    /** The calls of a method that were made since the last time they were taken, in order. */
    List<Call> take(MethodDescriptor<?, ?> method) {
        List<Call> taken =
                calls.stream().filter(call -> call.method.equals(method)).toList();
        calls.removeAll(taken);
        return taken;
    }

    /** A call that waits for what the test makes of it. */
    static final class Call {
        private final MethodDescriptor<?, ?> method;
        final Object request;
        private final ClientCall.Listener<Object> listener;
        private final ScriptedCall<?, ?> call;

        private Call(
                MethodDescriptor<?, ?> method,
                Object request,
                ClientCall.Listener<Object> listener,
                ScriptedCall<?, ?> call) {
            this.call = call;
            this.method = method;
            this.request = request;
            this.listener = listener;
        }

        /** Whether the two are messages of one stream. */
        boolean isOnTheStreamOf(Call other) {
            return call == other.call;
        }

        boolean isCancelled() {
            return call.cancelled;
        }

        /** One message of a stream. */
        void tell(Object message) {
            listener.onMessage(message);
        }

        void answer(Object message) {
            listener.onMessage(message);
            listener.onClose(Status.OK, new Metadata());
        }

        void end(Status status) {
            listener.onClose(status, new Metadata());
        }
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new ScriptedCall<>(method, calls);
    }

    private static final class ScriptedCall<Q, R> extends ClientCall<Q, R> {
        private final MethodDescriptor<Q, R> method;
        private final List<Call> calls;
        private @Nullable Listener<R> listener;
        private boolean cancelled;

        ScriptedCall(MethodDescriptor<Q, R> method, List<Call> calls) {
            this.method = method;
            this.calls = calls;
        }

        @Override
        public void start(Listener<R> responses, Metadata headers) {
            listener = responses;
        }

        @Override
        @SuppressWarnings("unchecked") // the test answers with what the method returns
        public void sendMessage(Q message) {
            calls.add(new Call(method, message, (Listener<Object>) Objects.requireNonNull(listener), this));
        }

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {
            cancelled = true;
        }

        @Override
        public void halfClose() {}
    }
}
