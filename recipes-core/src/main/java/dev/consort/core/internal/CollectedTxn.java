/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.GuardedTxn;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.TxnRequest;
import java.util.concurrent.CompletableFuture;

/** Writes of a user's that a recipe commits together with its own. Confined to its user's thread. */
public final class CollectedTxn implements GuardedTxn {
    private final Writes writes;

    /** No writes yet. */
    public CollectedTxn(EtcdSession session) {
        this.writes = new Writes(session);
    }

    /** Adds them to a transaction. */
    public TxnRequest.Builder addTo(TxnRequest.Builder txn) {
        return txn.addAllSuccess(writes.operations());
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

    /** Refused: whoever has asked for the writes commits them. */
    @Override
    public boolean commit() {
        throw notHere();
    }

    @Override
    public CompletableFuture<Boolean> commitAsync() {
        throw notHere();
    }

    private static IllegalStateException notHere() {
        return new IllegalStateException("these writes are committed with the acknowledgement: only add them");
    }
}
