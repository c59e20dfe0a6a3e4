/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives every call a token, and reports a token that etcd refuses, so that the next call has another one. Sending the
 * refused call again is left to who made it: {@link Calls} does, and so does jetcd.
 *
 * <p>Thread-safe.
 */
final class TokenInterceptor implements ClientInterceptor {
    private final CallCredentials tokens;
    private final Consumer<Metadata> refused;

    TokenInterceptor(CallCredentials tokens, Consumer<Metadata> refused) {
        this.tokens = tokens;
        this.refused = refused;
    }

    /**
     * Whether etcd says that a token has expired, is unknown to the member since it was started, or is from before a
     * change of users or roles. In each case the request was certainly not applied.
     */
    static boolean isOutdated(@Nullable String text) {
        return text != null && (text.contains("invalid auth token") || text.contains("revision of auth store is old"));
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        if (method.getFullMethodName().equals(AuthGrpc.getAuthenticateMethod().getFullMethodName())) {
            return next.newCall(method, options);
        }
        OneCall carried = new OneCall();
        return new ForwardingClientCall.SimpleForwardingClientCall<>(
                next.newCall(method, options.withCallCredentials(carried))) {
            @Override
            public void start(Listener<A> listener, Metadata headers) {
                super.start(
                        new ForwardingClientCallListener.SimpleForwardingClientCallListener<>(listener) {
                            @Override
                            public void onMessage(A message) {
                                if (message instanceof WatchResponse watch
                                        && watch.getCanceled()
                                        && isOutdated(watch.getCancelReason())) {
                                    carried.report();
                                }
                                super.onMessage(message);
                            }

                            @Override
                            public void onClose(Status status, Metadata trailers) {
                                if (!status.isOk() && isOutdated(status.getDescription())) {
                                    carried.report();
                                }
                                super.onClose(status, trailers);
                            }
                        },
                        headers);
            }
        };
    }

    /** Remembers which token a call has carried. */
    private final class OneCall extends CallCredentials {
        private volatile @Nullable Metadata used; // written by the thread that applies it, read by the call's callbacks

        @Override
        public void applyRequestMetadata(RequestInfo request, Executor executor, MetadataApplier applier) {
            tokens.applyRequestMetadata(request, executor, new MetadataApplier() {
                @Override
                public void apply(Metadata token) {
                    used = token;
                    applier.apply(token);
                }

                @Override
                public void fail(Status status) {
                    applier.fail(status.getDescription() == null ? told(status) : status);
                }
            });
        }

        /** jetcd calls every failure to get a token unauthenticated, also that an endpoint is away. */
        private static Status told(Status status) {
            Throwable cause = status.getCause();
            if (cause == null) {
                return status;
            }
            Status told = Status.fromThrowable(cause);
            return switch (told.getCode()) {
                case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> told;
                default -> status.withDescription(told.getDescription());
            };
        }

        void report() {
            Metadata token = used;
            if (token != null) {
                refused.accept(token);
            }
        }
    }
}
