/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** A call whose answers nobody hears: the second delivery of a request. */
final class SilentCall<Q, R> extends ServerCall<Q, R> {
    private final ServerCall<Q, R> first;

    SilentCall(ServerCall<Q, R> first) {
        this.first = first;
    }

    @Override
    public void request(int messages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(R message) {}

    @Override
    public void close(Status status, Metadata trailers) {}

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public MethodDescriptor<Q, R> getMethodDescriptor() {
        return first.getMethodDescriptor();
    }

    @Override
    public Attributes getAttributes() {
        return first.getAttributes();
    }

    @Override
    public @Nullable String getAuthority() {
        return first.getAuthority();
    }
}
