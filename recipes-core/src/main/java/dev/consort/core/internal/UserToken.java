/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.UnsafeByteOperations;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.AuthenticateResponse;
import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The token that etcd gives for a user and a password, carried by every call. It is asked for when there is none, once
 * for all calls that wait for it, and again after etcd has refused it. A password that was not accepted is not tried
 * again for a second.
 *
 * <p>Thread-safe.
 */
final class UserToken extends CallCredentials {
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
    private static final Duration TRY_AGAIN_AFTER = Duration.ofSeconds(1);

    private final String user;
    private final Supplier<char[]> password;
    private final List<String> endpoints;
    private final Executor executor;
    private final CompletableFuture<Calls> calls = new CompletableFuture<>();
    private final AtomicReference<@Nullable CompletableFuture<Metadata>> current = new AtomicReference<>();

    /**
     * For one user.
     *
     * @param executor runs the supplier, which is the user's code
     */
    UserToken(String user, Supplier<char[]> password, List<String> endpoints, Executor executor) {
        this.user = user;
        this.password = password;
        this.endpoints = endpoints;
        this.executor = executor;
    }

    /** By these calls the token is asked for. */
    void bind(Calls through) {
        calls.complete(through);
    }

    @Override
    public void applyRequestMetadata(RequestInfo request, Executor ignored, MetadataApplier applier) {
        Completion.of(token(), (token, failure) -> {
            if (failure == null) {
                applier.apply(token);
            } else {
                applier.fail(Status.fromThrowable(failure));
            }
        });
    }

    /** etcd has refused a token: if nobody has done so before, the next call gets a new one. */
    void refused(Metadata used) {
        CompletableFuture<Metadata> known = current.get();
        if (known != null && known.isDone() && !known.isCompletedExceptionally() && known.join() == used) {
            current.compareAndSet(known, null);
        }
    }

    private CompletableFuture<Metadata> token() {
        CompletableFuture<Metadata> fresh = new CompletableFuture<>();
        while (true) {
            CompletableFuture<Metadata> known = current.get();
            if (known != null) {
                return known;
            }
            if (current.compareAndSet(null, fresh)) {
                break;
            }
        }
        try {
            executor.execute(() -> Completion.of(calls, (through, never) -> authenticate(through, fresh)));
        } catch (RejectedExecutionException closed) {
            fail(fresh, Status.CANCELLED.withDescription("the connection is closed"));
        }
        return fresh;
    }

    private void authenticate(Calls through, CompletableFuture<Metadata> fresh) {
        byte[] secret;
        try {
            secret = secret();
        } catch (RuntimeException e) {
            failFor(
                    through,
                    fresh,
                    refusal("the supplier of its password failed").withCause(e));
            return;
        }
        AuthenticateRequest request = AuthenticateRequest.newBuilder()
                .setName(user)
                .setPasswordBytes(UnsafeByteOperations.unsafeWrap(secret))
                .build();
        attempt(through, request, 0, through.forTheRequestTimeout(), (answer, failure) -> {
            Arrays.fill(secret, (byte) 0);
            if (failure == null) {
                Metadata token = new Metadata();
                token.put(TOKEN, answer.getToken());
                fresh.complete(token);
            } else if (failure instanceof CallFailure call && !call.retriable()) {
                failFor(through, fresh, refusal(call));
            } else {
                Status.Code code = failure instanceof CallFailure call ? call.code() : Status.Code.UNKNOWN;
                fail(
                        fresh,
                        code.toStatus()
                                .withDescription("user '" + user + "' cannot be authenticated: " + failure.getMessage())
                                .withCause(failure.getCause()));
            }
        });
    }

    /** One after the other: when the outcome is known no request is left that would read the password. */
    private static void attempt(
            Calls through,
            AuthenticateRequest request,
            int attempt,
            BooleanSupplier wanted,
            BiConsumer<AuthenticateResponse, @Nullable Throwable> outcome) {
        Completion.of(
                through.once(AuthGrpc.getAuthenticateMethod(), request, through.attemptTimeout(attempt)),
                (answer, failure) -> {
                    if (failure instanceof CallFailure call
                            && call.retriable()
                            && !through.isShutDown()
                            && wanted.getAsBoolean()) {
                        through.later(
                                through.pause(attempt), () -> attempt(through, request, attempt + 1, wanted, outcome));
                    } else {
                        outcome.accept(answer, failure);
                    }
                });
    }

    /** The password in UTF-8; what it was given as is overwritten. */
    private byte[] secret() {
        char[] given = password.get();
        if (given == null) {
            throw new IllegalStateException("it gave null");
        }
        ByteBuffer encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(given));
        Arrays.fill(given, '\0');
        byte[] secret = new byte[encoded.remaining()];
        encoded.get(secret);
        encoded.clear();
        while (encoded.hasRemaining()) {
            encoded.put((byte) 0);
        }
        return secret;
    }

    private Status refusal(CallFailure failure) {
        String text = String.valueOf(failure.getMessage());
        if (text.contains("authentication is not enabled")) {
            return refusal("authentication is not enabled there: enable it, or leave user(..) out");
        }
        if (text.contains("authentication failed")) {
            return refusal("no such user, or another password");
        }
        return refusal(text);
    }

    private Status refusal(String why) {
        return Status.UNAUTHENTICATED.withDescription(
                "user '" + user + "' cannot be authenticated at " + endpoints + ": " + why);
    }

    private void failFor(Calls through, CompletableFuture<Metadata> fresh, Status status) {
        fresh.completeExceptionally(status.asRuntimeException());
        through.later(TRY_AGAIN_AFTER, () -> current.compareAndSet(fresh, null));
    }

    private void fail(CompletableFuture<Metadata> fresh, Status status) {
        current.compareAndSet(fresh, null);
        fresh.completeExceptionally(status.asRuntimeException());
    }

    @Override
    public String toString() {
        return "token of " + user;
    }
}
