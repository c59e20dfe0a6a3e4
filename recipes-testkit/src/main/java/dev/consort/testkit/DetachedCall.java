/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A unary call that is sent on nobody's behalf: with no context, deadline or executor of the client that asked for it. */
final class DetachedCall<R> extends ClientCall.Listener<R> {
    /* Far above anything a test waits for, so that a call to a server that never answers is not kept for ever. */
    private static final long SECONDS = 120;

    private final Consumer<Reply<R>> onReply;

    // Confined to gRPC's callbacks, which come one after another.
    private @Nullable Metadata headers;
    private @Nullable R message;

    private DetachedCall(Consumer<Reply<R>> onReply) {
        this.onReply = onReply;
    }

    static <Q, R> void send(
            Channel channel,
            MethodDescriptor<Q, R> method,
            CallOptions options,
            Metadata headers,
            Q message,
            Consumer<Reply<R>> onReply) {
        Context.ROOT.run(() -> {
            ClientCall<Q, R> call = channel.newCall(
                    method,
                    options.withDeadline(Deadline.after(SECONDS, TimeUnit.SECONDS))
                            .withExecutor(Daemons.callbacks()));
            call.start(new DetachedCall<>(onReply), headers);
            call.request(2);
            call.sendMessage(message);
            call.halfClose();
        });
    }

    @Override
    public void onHeaders(Metadata replyHeaders) {
        headers = replyHeaders;
    }

    @Override
    public void onMessage(R reply) {
        message = reply;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        onReply.accept(new Reply<>(status, headers, message, trailers));
    }

    /** How a unary call ended. */
    record Reply<R>(
            Status status,
            @Nullable Metadata headers,
            @Nullable R message,
            Metadata trailers) {
        static <R> Reply<R> failed(Status status) {
            return new Reply<>(status, null, null, new Metadata());
        }

        /** False if the call may have failed on its way. */
        boolean isFromServer() {
            Code code = status.getCode();
            return code != Code.UNAVAILABLE && code != Code.CANCELLED && code != Code.DEADLINE_EXCEEDED;
        }

        void showTo(ClientCall.Listener<R> client) {
            if (headers != null) {
                client.onHeaders(headers);
            }
            if (message != null) {
                client.onMessage(message);
            }
            client.onClose(status, trailers);
        }
    }
}
