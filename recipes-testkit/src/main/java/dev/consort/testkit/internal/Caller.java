/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import org.jspecify.annotations.Nullable;

/**
 * Who calls.
 *
 * @param user null if the call has no token, or authentication is off
 */
record Caller(@Nullable String user) {
    static final Caller NOBODY = new Caller(null);

    private static final Context.Key<String> TOKEN = Context.key("etcd token");
    private static final Metadata.Key<String> TOKEN_HEADER = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> OTHER_HEADER =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    /** The token of the call that is being served. */
    static @Nullable String token() {
        return TOKEN.get();
    }

    /** Remembers the token for the time of the call. */
    static final class TokenReader implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            String token = headers.get(TOKEN_HEADER);
            if (token == null) {
                token = headers.get(OTHER_HEADER);
            }
            return token == null
                    ? next.startCall(call, headers)
                    : Contexts.interceptCall(Context.current().withValue(TOKEN, token), call, headers, next);
        }
    }
}
