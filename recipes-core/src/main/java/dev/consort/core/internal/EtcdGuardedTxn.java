/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.GuardedTxn;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.TxnRequest;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A transaction guarded by a grant's claim. Confined to its user's thread until it is committed. */
final class EtcdGuardedTxn implements GuardedTxn {
    private static final int MAX_WRITES = 100;

    private final EtcdSession session;
    private final EtcdGrant grant;
    private final TxnRequest.Builder request = TxnRequest.newBuilder();
    private final Set<ByteString> written = new HashSet<>();
    private boolean committed;

    EtcdGuardedTxn(EtcdSession session, EtcdGrant grant) {
        this.session = session;
        this.grant = grant;
        request.addAllCompare(grant.conditions());
    }

    @Override
    public GuardedTxn put(String key, String value) {
        return put(ByteSequence.from(key, StandardCharsets.UTF_8), ByteSequence.from(value, StandardCharsets.UTF_8));
    }

    @Override
    public GuardedTxn put(ByteSequence key, ByteSequence value) {
        request.addSuccess(ClaimTxns.put(checked(key), ByteString.copyFrom(value.getBytes()), 0));
        return this;
    }

    @Override
    public GuardedTxn putLeased(ByteSequence key, ByteSequence value) {
        request.addSuccess(ClaimTxns.put(checked(key), ByteString.copyFrom(value.getBytes()), session.leaseId()));
        return this;
    }

    @Override
    public GuardedTxn delete(ByteSequence key) {
        request.addSuccess(ClaimTxns.delete(checked(key)));
        return this;
    }

    private ByteString checked(ByteSequence key) {
        ByteString bytes = ByteString.copyFrom(key.getBytes());
        if (bytes.isEmpty()) {
            throw new IllegalArgumentException("key is empty");
        }
        if (!written.add(bytes)) {
            throw new IllegalArgumentException(
                    "key '" + key + "' is written twice: etcd takes a key once in a transaction");
        }
        if (written.size() > MAX_WRITES) {
            throw new IllegalArgumentException("more than " + MAX_WRITES + " writes: commit in several transactions");
        }
        return session.key(bytes);
    }

    @Override
    public boolean commit() {
        try {
            return Await.uninterruptibly(
                    session.timing(), send(), session.calls().requestTimeout().multipliedBy(2));
        } catch (CallFailure failure) {
            throw failure.toException(grant.spec().recipe(), grant.spec().name());
        }
    }

    @Override
    public CompletableFuture<Boolean> commitAsync() {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Completion.of(
                send(),
                (applied, failure) -> session.callback(() -> {
                    if (failure instanceof CallFailure call) {
                        result.completeExceptionally(call.toException(
                                grant.spec().recipe(), grant.spec().name()));
                    } else {
                        result.complete(applied);
                    }
                }));
        return result;
    }

    private CompletableFuture<Boolean> send() {
        if (committed) {
            throw new IllegalStateException("already committed: take a new transaction from the guard");
        }
        committed = true;
        CompletableFuture<Boolean> result = session.calls().answeredAtLatestByClose(new CompletableFuture<>());
        TxnRequest built = request.build();
        session.execute(() -> {
            if (grant.guardedStart()) {
                attempt(built, 0, result);
            } else {
                result.complete(false);
            }
        });
        return result;
    }

    /** Sent again only if certainly not applied: its puts, landing late, could undo another writer's. */
    private void attempt(TxnRequest built, int attempt, CompletableFuture<Boolean> result) {
        session.onAnswer(
                session.calls()
                        .once(KVGrpc.getTxnMethod(), built, session.calls().requestTimeout()),
                (response, failure) ->
                        onAnswer(built, attempt, result, response == null || !response.getSucceeded(), failure));
    }

    private void onAnswer(
            TxnRequest built,
            int attempt,
            CompletableFuture<Boolean> result,
            boolean refused,
            @Nullable CallFailure failure) {
        if (failure == null) {
            grant.guardedEnd();
            if (refused) {
                grant.doubted();
            }
            result.complete(!refused);
        } else if (failure.kind() == CallFailure.Kind.REFUSED && attempt < 5) {
            session.after(session.calls().pause(attempt), () -> attempt(built, attempt + 1, result));
        } else {
            grant.guardedEnd();
            result.completeExceptionally(failure);
        }
    }
}
