/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * The lease of a connection's receipts, and the receipts that are free. It is renewed when it is used, not by a timer, and
 * runs out when the connection has written nothing for so long. What it believes of its end decides only whether another
 * lease is asked for: a put by a lease that is gone fails.
 *
 * <p>Thread-safe.
 */
final class ReceiptLease {
    /** Longer than a commit can take, by far. */
    private static final Duration SHORTEST_TTL = Duration.ofSeconds(60);

    private static final int REQUEST_TIMEOUTS = 12;
    private static final ByteString FOLDER = ByteString.copyFromUtf8("/receipt/");

    private final Calls calls;
    private final Timing timing;
    private final ByteString prefix;
    private final long id;
    private final Duration ttl;
    private final ConcurrentLinkedDeque<Receipt> free = new ConcurrentLinkedDeque<>();
    private final AtomicInteger receipts = new AtomicInteger();
    private final AtomicBoolean renewing = new AtomicBoolean();
    private volatile long renewed; // when the last answered renewal, or the grant, was sent
    private volatile boolean lost;

    /** A key that each of one writer's transactions in turn changes. Confined to whoever took it. */
    static final class Receipt {
        final ByteString key;
        long revision; // when it was last written; 0 if never

        Receipt(ByteString key) {
            this.key = key;
        }
    }

    private ReceiptLease(EtcdConnection connection, long id, Duration ttl, long sent) {
        this.calls = connection.calls();
        this.timing = connection.timing();
        this.prefix = connection
                .key(ByteString.copyFromUtf8("consort/session/"))
                .concat(SessionKeys.hex(id))
                .concat(FOLDER);
        this.id = id;
        this.ttl = ttl;
        this.renewed = sent;
    }

    /** Whether a key is a receipt, below whatever prefix. */
    static boolean isReceipt(ByteString key, long lease) {
        ByteString folder =
                ByteString.copyFromUtf8("/").concat(SessionKeys.hex(lease)).concat(FOLDER);
        return key.toStringUtf8().contains(folder.toStringUtf8());
    }

    static CompletableFuture<ReceiptLease> grant(EtcdConnection connection, BooleanSupplier wanted) {
        long requestTimeout = connection.requestTimeout().toSeconds() + 1;
        Duration ttl = Duration.ofSeconds(Math.max(SHORTEST_TTL.toSeconds(), requestTimeout * REQUEST_TIMEOUTS));
        long id = ThreadLocalRandom.current()
                .nextLong(1, Long.MAX_VALUE); // chosen here, so that a retry grants no second one
        LeaseGrantRequest request =
                LeaseGrantRequest.newBuilder().setID(id).setTTL(ttl.toSeconds()).build();
        ReceiptLease lease =
                new ReceiptLease(connection, id, ttl, connection.timing().nanoTime());
        CompletableFuture<ReceiptLease> result = new CompletableFuture<>();
        Completion.of(
                connection.calls().untilAnswered(LeaseGrpc.getLeaseGrantMethod(), request, wanted),
                (response, failure) -> {
                    boolean exists = failure instanceof CallFailure call
                            && call.code() == Status.Code.FAILED_PRECONDITION; // by an attempt that was not answered
                    Completion.pass(lease, exists ? null : failure, result);
                });
        return result;
    }

    /** Whether it surely is alive, unless somebody revoked it. */
    boolean isAlive() {
        return !lost && timing.nanoTime() - renewed < ttl.toNanos() / 2;
    }

    /** It is known to be gone. */
    void lost() {
        lost = true;
    }

    long id() {
        return id;
    }

    /** A receipt for one transaction at a time. */
    Receipt take() {
        renewInTime();
        Receipt last = free.pollFirst();
        return last == null
                ? new Receipt(prefix.concat(ByteString.copyFromUtf8(String.valueOf(receipts.getAndIncrement()))))
                : last;
    }

    /** For the next one; not if a transaction by it may still be applied. */
    void giveBack(Receipt receipt) {
        free.addFirst(receipt);
    }

    private void renewInTime() {
        long sent = timing.nanoTime();
        if (sent - renewed < ttl.toNanos() / 6 || !renewing.compareAndSet(false, true)) {
            return;
        }
        Completion.of(
                calls.once(
                        LeaseGrpc.getLeaseKeepAliveMethod(),
                        LeaseKeepAliveRequest.newBuilder().setID(id).build(),
                        calls.requestTimeout()),
                (answer, failure) -> {
                    if (failure == null && answer.getTTL() > 0) {
                        renewed = sent;
                    } else if (failure == null) {
                        lost();
                    }
                    renewing.set(false);
                });
    }

    /** Whether it is there, as etcd knows. */
    CompletableFuture<Boolean> stands(BooleanSupplier wanted) {
        return calls.untilAnswered(
                        LeaseGrpc.getLeaseKeepAliveMethod(),
                        LeaseKeepAliveRequest.newBuilder().setID(id).build(),
                        wanted)
                .thenApply(answer -> answer.getTTL() > 0);
    }

    /** Revokes it, and its receipts with it. */
    CompletableFuture<?> revoke(BooleanSupplier wanted) {
        return calls.untilAnswered(
                LeaseGrpc.getLeaseRevokeMethod(),
                LeaseRevokeRequest.newBuilder().setID(id).build(),
                wanted);
    }
}
