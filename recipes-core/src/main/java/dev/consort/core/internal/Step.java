/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A write that is applied only while certain keys are what the writer saw, so that it has the same effect applied once,
 * twice or late: what it compares must be changed by it, or by whatever makes it void. Keys are as the user knows them.
 * Not thread-safe.
 */
public final class Step {
    private final EtcdConnection connection;
    private final TxnRequest.Builder txn = TxnRequest.newBuilder();
    private @Nullable EtcdSession session; // whose fence it reads or moves
    private boolean moves;

    private Step(EtcdConnection connection) {
        this.connection = connection;
    }

    /** One without conditions and writes yet. */
    public static Step on(EtcdConnection connection) {
        return new Step(connection);
    }

    /**
     * What became of it.
     *
     * @param revision of the store when it was answered; of what it wrote if it was applied
     * @param applied whether its conditions held
     * @param read the key that was to be read then, if it was there
     */
    public record Answer(long revision, boolean applied, Optional<PrefixView.Entry> read) {
        /** Whether the key that was read holds this text. */
        public boolean says(String text) {
            return read.filter(entry -> entry.value().toStringUtf8().equals(text))
                    .isPresent();
        }
    }

    /** If the key has this create revision; 0 means that it is absent. */
    public Step ifCreated(String key, long revision) {
        txn.addCompare(ClaimTxns.createIs(key(key), revision));
        return this;
    }

    /** If the key has this mod revision; 0 means that it is absent. */
    public Step ifModified(String key, long revision) {
        txn.addCompare(ClaimTxns.modIs(key(key), revision));
        return this;
    }

    /**
     * If the session's fence has not moved: for what puts a key that was absent, since nothing else keeps an attempt that
     * lands late from putting it again after it was deleted. To be made and answered on the session's serializer.
     */
    public Step ifUnfenced(EtcdSession by) {
        session = by;
        txn.addCompare(ClaimTxns.modIs(by.fenceKey(), by.fenceRevision()))
                .addFailure(ClaimTxns.op(ClaimTxns.key(by.fenceKey())));
        return this;
    }

    /** Moves the session's fence, which voids every {@link #ifUnfenced} step that has not landed. */
    public Step fence(EtcdSession by) {
        session = by;
        moves = true;
        txn.addSuccess(ClaimTxns.put(by.fenceKey(), ByteString.EMPTY, by.leaseId()));
        return this;
    }

    /** If the key holds this text; null means that it is absent. */
    public Step ifValue(String key, @Nullable String text) {
        if (text == null) {
            return ifCreated(key, 0);
        }
        txn.addCompare(Compare.newBuilder()
                .setKey(key(key))
                .setTarget(Compare.CompareTarget.VALUE)
                .setResult(Compare.CompareResult.EQUAL)
                .setValue(ByteString.copyFromUtf8(text)));
        return this;
    }

    /** If the grant is held, as etcd knows. */
    public Step ifHeld(EtcdGrant grant) {
        txn.addAllCompare(grant.conditions());
        return this;
    }

    /** Puts a key that stays. */
    public Step put(String key, String value) {
        return put(key, value, 0);
    }

    /** Puts a key that goes with the lease. */
    public Step put(String key, String value, long lease) {
        txn.addSuccess(RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder()
                        .setKey(key(key))
                        .setValue(ByteString.copyFromUtf8(value))
                        .setLease(lease)));
        return this;
    }

    /** Deletes a key. */
    public Step delete(String key) {
        txn.addSuccess(ClaimTxns.delete(key(key)));
        return this;
    }

    /** Deletes all keys below a prefix that ends in a slash. */
    public Step deleteBelow(String prefix) {
        txn.addSuccess(RequestOp.newBuilder()
                .setRequestDeleteRange(
                        DeleteRangeRequest.newBuilder().setKey(key(prefix)).setRangeEnd(ClaimTxns.endOf(key(prefix)))));
        return this;
    }

    /** Reads a key, as it is after that. */
    public Step read(String key) {
        txn.addSuccess(ClaimTxns.op(ClaimTxns.key(key(key))));
        return this;
    }

    /** If the conditions do not hold: tries another one, within the same transaction. */
    public Step otherwise(Step other) {
        txn.addFailure(RequestOp.newBuilder().setRequestTxn(other.txn));
        return this;
    }

    /** If the conditions do not hold: reads a key. */
    public Step otherwiseRead(String key) {
        txn.addFailure(ClaimTxns.op(ClaimTxns.key(key(key))));
        return this;
    }

    private ByteString key(String key) {
        return connection.key(ByteString.copyFromUtf8(key));
    }

    TxnRequest request() {
        return txn.build();
    }

    Answer answer(TxnResponse response) {
        long revision = response.getHeader().getRevision();
        EtcdSession by = session;
        if (by != null && moves && response.getSucceeded()) {
            by.fenceSeen(revision);
        }
        return new Answer(
                revision,
                response.getSucceeded(),
                response.getResponsesList().stream()
                        .filter(ResponseOp::hasResponseRange)
                        .flatMap(op -> op.getResponseRange().getKvsList().stream())
                        .filter(kv -> by == null || !isFence(by, kv))
                        .findFirst()
                        .map(kv -> PrefixView.Entry.of(connection, kv)));
    }

    private static boolean isFence(EtcdSession by, KeyValue kv) {
        boolean is = kv.getKey().equals(by.fenceKey());
        if (is) {
            by.fenceSeen(kv.getModRevision());
        }
        return is;
    }
}
