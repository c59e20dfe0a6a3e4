/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.grpc.Status;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Leases of a recipe's own, which nobody renews but who has them. Futures complete on gRPC's transport thread, exceptionally
 * with a {@link dev.consort.core.RecipeException}, within the request timeout. Thread-safe.
 */
public final class Leases {
    private static final SecureRandom random = new SecureRandom();

    private final EtcdConnection connection;
    private final String recipe;
    private final String key;
    private final Calls calls;

    /**
     * Those of a recipe.
     *
     * @param key for messages
     */
    public Leases(EtcdConnection connection, String recipe, String key) {
        this.connection = connection;
        this.recipe = recipe;
        this.key = key;
        this.calls = connection.calls();
    }

    /** An id that no other lease has: of our own choice, so that a grant can be sent again and leaks no lease. */
    public static long freshId() {
        return 1 + (random.nextLong() >>> 2);
    }

    /** Grants it; one that was not confirmed is revoked as soon as etcd answers. */
    public CompletableFuture<Boolean> grant(long id, Duration ttl) {
        LeaseGrantRequest request =
                LeaseGrantRequest.newBuilder().setID(id).setTTL(ttl.toSeconds()).build();
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Completion.of(
                calls.untilAnswered(LeaseGrpc.getLeaseGrantMethod(), request, calls.forTheRequestTimeout()),
                (answer, failure) -> {
                    if (failure == null || isTaken(failure)) {
                        result.complete(true);
                    } else {
                        revoke(id, ttl);
                        result.completeExceptionally(told(failure));
                    }
                });
        return result;
    }

    /** "lease already exists": an earlier attempt was applied. */
    private static boolean isTaken(Throwable failure) {
        return failure instanceof CallFailure call && call.code() == Status.Code.FAILED_PRECONDITION;
    }

    /** Revokes it in the background, unless it ends by itself before etcd answers; closing the connection waits for that. */
    public void revoke(long id, Duration ttl) {
        long until = connection.timing().nanoTime() + ttl.toNanos();
        connection.pending(calls.untilAnswered(
                LeaseGrpc.getLeaseRevokeMethod(),
                LeaseRevokeRequest.newBuilder().setID(id).build(),
                () -> connection.isOpen() && connection.timing().nanoTime() - until < 0));
    }

    /**
     * Revokes it in the background if no key is bound to it any more: for one whose key was deleted, where it is not sure that
     * the lease was for that key alone.
     */
    public void revokeIfUnused(long id, Duration ttl) {
        LeaseTimeToLiveRequest request =
                LeaseTimeToLiveRequest.newBuilder().setID(id).setKeys(true).build();
        Completion.of(
                calls.untilAnswered(LeaseGrpc.getLeaseTimeToLiveMethod(), request, calls.forTheRequestTimeout()),
                (answer, failure) -> {
                    if (failure == null && answer.getKeysCount() == 0) {
                        revoke(id, ttl);
                    }
                });
    }

    /** Begins its TTL anew; false if it is gone. */
    public CompletableFuture<Boolean> renew(long id) {
        LeaseKeepAliveRequest request =
                LeaseKeepAliveRequest.newBuilder().setID(id).build();
        return calls.untilAnswered(LeaseGrpc.getLeaseKeepAliveMethod(), request, calls.forTheRequestTimeout())
                .handle((answer, failure) -> {
                    if (failure != null && !isGone(failure)) {
                        throw told(failure);
                    }
                    return failure == null && answer.getTTL() > 0;
                });
    }

    /** How long it lasts unless it is renewed; empty if it is gone. */
    public CompletableFuture<Optional<Duration>> remaining(long id) {
        LeaseTimeToLiveRequest request =
                LeaseTimeToLiveRequest.newBuilder().setID(id).build();
        return calls.untilAnswered(LeaseGrpc.getLeaseTimeToLiveMethod(), request, calls.forTheRequestTimeout())
                .handle((answer, failure) -> {
                    if (failure != null && !isGone(failure)) {
                        throw told(failure);
                    }
                    return failure == null && answer.getGrantedTTL() > 0 && answer.getTTL() > 0
                            ? Optional.of(Duration.ofSeconds(answer.getTTL()))
                            : Optional.empty();
                });
    }

    /** Whether something failed since a lease that it named is gone. */
    public static boolean isGone(Throwable failure) {
        return unwrapped(failure) instanceof CallFailure call && call.kind() == CallFailure.Kind.LEASE_GONE;
    }

    private RuntimeException told(Throwable failure) {
        return unwrapped(failure) instanceof CallFailure call
                ? connection.failure(recipe, key, connection.requestTimeout(), call)
                : new CompletionException(failure);
    }

    private static Throwable unwrapped(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }
}
