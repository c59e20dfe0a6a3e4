/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.LossReason;
import dev.consort.core.PermissionDeniedException;
import dev.consort.core.Session;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrantResponse;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.grpc.Status;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Checks what a session is described by, and opens it within the connection's connect timeout. */
public final class EtcdSessionBuilder implements Session.Builder {
    static final Duration DEFAULT_TTL = Duration.ofSeconds(10);
    private static final Duration MIN_TTL = Duration.ofSeconds(2);
    private static final Duration MAX_TTL = Duration.ofHours(24);
    public static final String DEFAULT_PREFIX = "consort/session/";
    private static final SecureRandom random = new SecureRandom();

    private final EtcdConnection connection;
    private boolean ownsConnection;
    private Duration ttl = DEFAULT_TTL;
    private String sessionPrefix = DEFAULT_PREFIX;
    private @Nullable Executor executor;

    /** Opens on an open connection. */
    public EtcdSessionBuilder(Connection connection) {
        this.connection = EtcdConnection.of(connection);
    }

    EtcdConnection connection() {
        return connection;
    }

    EtcdSessionBuilder owningConnection() {
        ownsConnection = true;
        return this;
    }

    @Override
    public Session.Builder ttl(Duration newTtl) {
        Objects.requireNonNull(newTtl, "ttl");
        if (newTtl.compareTo(MIN_TTL) < 0 || newTtl.compareTo(MAX_TTL) > 0 || newTtl.toNanosPart() != 0) {
            throw new IllegalArgumentException(
                    "ttl " + newTtl + " is not whole seconds within " + MIN_TTL + ".." + MAX_TTL);
        }
        ttl = newTtl;
        return this;
    }

    @Override
    public Session.Builder executor(Executor newExecutor) {
        executor = Objects.requireNonNull(newExecutor, "executor");
        return this;
    }

    @Override
    public Session.Builder sessionPrefix(String prefix) {
        sessionPrefix = checkedPrefix(prefix);
        return this;
    }

    static String checkedPrefix(String prefix) {
        Objects.requireNonNull(prefix, "sessionPrefix");
        if (prefix.length() < 2 || prefix.startsWith("/") || !prefix.endsWith("/") || prefix.contains("//")) {
            throw new IllegalArgumentException(
                    "sessionPrefix '" + prefix + "' is not of the form consort/session/, with a trailing slash only");
        }
        return prefix;
    }

    @Override
    public Session open() {
        return openSession();
    }

    EtcdSession openSession() {
        Calls calls = connection.calls();
        Timing timing = connection.timing();
        long start = timing.nanoTime();
        Duration timeout = connection.connectTimeout();
        BooleanSupplier wanted = () -> timing.nanoTime() - start < timeout.toNanos();
        // An id of our own choice makes the grant idempotent, so that it can be sent again and leaks no lease.
        long id = random.nextLong() >>> 1;
        connection.checkOpen();
        ClusterHistory.Epoch epoch = calls.history().present();
        EtcdSession session = null;
        try {
            EtcdSession.Lease lease = new EtcdSession.Lease(id, grant(calls, id, wanted, start, timeout), start);
            SessionKeys keys = new SessionKeys(connection.key(ByteString.copyFromUtf8(sessionPrefix)));
            TxnResponse put = await(calls.untilAnswered(sessionTxn(keys, id), wanted), start, timeout);
            if (timing.nanoTime() - start > lease.ttl().toNanos() / 3) {
                lease = renewed(calls, id, start, timeout);
            }
            session = new EtcdSession(
                    connection, ownsConnection, keys, executor == null ? connection.callbacks() : executor, lease);
            connection.add(session);
            await(session.start(fenceRevision(put), watchFrom(put)), start, timeout);
            if (epoch != calls.history().present()) {
                EtcdSession past = session;
                session.execute(() -> past.lose(LossReason.CLUSTER_CHANGED));
            }
            return session;
        } catch (CallFailure failure) {
            abandon(session, calls, id);
            if (failure.code() == Status.Code.PERMISSION_DENIED) {
                String prefix =
                        connection.key(ByteString.copyFromUtf8(sessionPrefix)).toStringUtf8();
                throw new PermissionDeniedException(
                        "Session",
                        prefix,
                        "etcd denies permission (" + failure.getMessage()
                                + "); grant the user's role the session prefix: etcdctl role grant-permission"
                                + " --prefix=true ROLE readwrite " + prefix,
                        failure);
            }
            throw connection.connectFailure("Session", failure);
        } catch (IllegalStateException closed) {
            abandon(session, calls, id);
            throw closed;
        }
    }

    /** A slow start, such as a process's first use of its classes, must not eat up a short TTL. */
    private EtcdSession.Lease renewed(Calls calls, long id, long start, Duration timeout) {
        long sent = connection.timing().nanoTime();
        LeaseKeepAliveRequest request =
                LeaseKeepAliveRequest.newBuilder().setID(id).build();
        LeaseKeepAliveResponse response =
                await(calls.once(LeaseGrpc.getLeaseKeepAliveMethod(), request, timeout), start, timeout);
        if (response.getTTL() <= 0) {
            throw CallFailure.ended("the lease of " + ttl + " ran out while the session was being opened");
        }
        return new EtcdSession.Lease(id, Duration.ofSeconds(response.getTTL()), sent);
    }

    private Duration grant(Calls calls, long id, BooleanSupplier wanted, long start, Duration timeout) {
        LeaseGrantRequest request =
                LeaseGrantRequest.newBuilder().setID(id).setTTL(ttl.toSeconds()).build();
        try {
            LeaseGrantResponse response =
                    await(calls.untilAnswered(LeaseGrpc.getLeaseGrantMethod(), request, wanted), start, timeout);
            return Duration.ofSeconds(response.getTTL());
        } catch (CallFailure failure) {
            if (failure.code() == Status.Code.FAILED_PRECONDITION) {
                return ttl; // "lease already exists": an earlier attempt was applied; at least what we asked for
            }
            throw failure;
        }
    }

    private static TxnRequest sessionTxn(SessionKeys keys, long lease) {
        ByteString mailbox = keys.mailbox(lease);
        ByteString fence = keys.fence(lease);
        return TxnRequest.newBuilder()
                .addCompare(ClaimTxns.createIs(mailbox, 0))
                .addSuccess(ClaimTxns.put(mailbox, ByteString.EMPTY, lease))
                .addSuccess(ClaimTxns.put(fence, ByteString.EMPTY, lease))
                .addFailure(ClaimTxns.op(ClaimTxns.key(mailbox)))
                .addFailure(ClaimTxns.op(ClaimTxns.key(fence)))
                .build();
    }

    private static long fenceRevision(TxnResponse put) {
        return put.getSucceeded()
                ? put.getHeader().getRevision()
                : put.getResponses(1).getResponseRange().getKvs(0).getModRevision();
    }

    private static long watchFrom(TxnResponse put) {
        return put.getSucceeded()
                ? put.getHeader().getRevision() + 1
                : put.getResponses(0).getResponseRange().getKvs(0).getModRevision() + 1;
    }

    private <T> T await(CompletableFuture<T> answer, long start, Duration timeout) {
        long spent = connection.timing().nanoTime() - start;
        return Await.uninterruptibly(
                connection.timing(), answer, timeout.minusNanos(Math.min(spent, timeout.toNanos())));
    }

    /** Nothing is left behind by a session that did not come to be; closing the connection waits for that. */
    private void abandon(@Nullable EtcdSession session, Calls calls, long id) {
        if (session != null) {
            connection.pending(session.closeAsync());
            return;
        }
        long until = connection.timing().nanoTime() + ttl.toNanos();
        connection.pending(calls.untilAnswered(
                LeaseGrpc.getLeaseRevokeMethod(),
                LeaseRevokeRequest.newBuilder().setID(id).build(),
                () -> connection.isOpen() && connection.timing().nanoTime() - until < 0));
    }
}
