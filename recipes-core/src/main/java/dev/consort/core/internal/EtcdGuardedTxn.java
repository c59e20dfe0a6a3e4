/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.GuardedTxn;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.TxnRequest;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A transaction guarded by a grant's claim. Confined to its user's thread until it is committed. */
final class EtcdGuardedTxn implements GuardedTxn {
    private final EtcdSession session;
    private final EtcdGrant grant;
    private final Writes writes;
    private boolean committed;

    EtcdGuardedTxn(EtcdSession session, EtcdGrant grant) {
        this.session = session;
        this.grant = grant;
        this.writes = new Writes(session);
    }

    @Override
    public GuardedTxn put(String key, String value) {
        writes.put(key, value);
        return this;
    }

    @Override
    public GuardedTxn put(ByteSequence key, ByteSequence value) {
        writes.put(key, value, false);
        return this;
    }

    @Override
    public GuardedTxn putLeased(ByteSequence key, ByteSequence value) {
        writes.put(key, value, true);
        return this;
    }

    @Override
    public GuardedTxn delete(ByteSequence key) {
        writes.delete(key);
        return this;
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
        TxnRequest built = TxnRequest.newBuilder()
                .addAllCompare(grant.conditions())
                .addAllSuccess(writes.operations())
                .build();
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
