/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.grpc.CallCredentials;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What is inside a jetcd client: its gRPC channel, on which we make our own calls with deadlines, cancellation and one
 * watch stream. jetcd 0.8.7 gives no access to it, hence the reflection; a version that differs is refused with a
 * message, not guessed at.
 *
 * @param transport with the client's endpoints, security and interceptors
 * @param channel the same with the token of the client's user, if it has one
 * @param namespace put before each key
 * @param target the client's endpoints in gRPC's form
 */
record JetcdChannel(ManagedChannel transport, Channel channel, ByteString namespace, String target) {
    static JetcdChannel of(Client client) {
        try {
            Field field = client.getClass().getDeclaredField("connectionManager");
            field.setAccessible(true);
            Object manager = field.get(client);
            ManagedChannel channel = (ManagedChannel) call(manager, "getChannel");
            ByteSequence namespace = (ByteSequence) call(manager, "getNamespace");
            ClientBuilder builder = (ClientBuilder) call(manager, "builder");
            Channel secured = builder.user() == null || builder.password() == null
                    ? channel
                    : withToken(channel, (CallCredentials) call(manager, "authCredential"));
            return new JetcdChannel(channel, secured, ByteString.copyFrom(namespace.getBytes()), builder.target());
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw new IllegalArgumentException(
                    "cannot use a client of " + client.getClass().getName()
                            + ": give one that jetcd-core 0.8.7's Client.builder() made, or use Connection.to(endpoints)",
                    e);
        }
    }

    /** jetcd keeps a token until it is told to get another one. */
    private static Channel withToken(ManagedChannel channel, CallCredentials credential)
            throws ReflectiveOperationException {
        Method refresh = credential.getClass().getMethod("refresh");
        refresh.setAccessible(true);
        AtomicReference<@Nullable Metadata> lastRefused = new AtomicReference<>();
        return ClientInterceptors.intercept(channel, new TokenInterceptor(credential, token -> {
            if (lastRefused.getAndSet(token) != token) {
                try {
                    refresh.invoke(credential);
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException("jetcd's token cannot be renewed", e);
                }
            }
        }));
    }

    private static Object call(Object target, String name) throws ReflectiveOperationException {
        Method method = target.getClass().getDeclaredMethod(name);
        method.setAccessible(true);
        return method.invoke(target);
    }
}
