/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import com.google.protobuf.ByteString;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.SnapshotReads;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Asks etcd for an attempt, and waits for the answer. Linearizable also where a revision is named: a member that lags behind
 * would not have it yet.
 */
final class Reads {
    private final Store store;

    Reads(Store store) {
        this.store = store;
    }

    /** The revision that a read named is compacted, or was lost in a restore. */
    static final class RevisionGoneException extends Exception {
        private static final long serialVersionUID = 1L;

        RevisionGoneException(Throwable cause) {
            super("the revision to read is no more", cause);
        }
    }

    /** Reads a key or a prefix, as of a revision unless that is 0. */
    RangeResponse range(RangeRequest.Builder request, long revision, ByteString key)
            throws InterruptedException, RevisionGoneException {
        return answer(store.range(request.setRevision(revision).build()), key);
    }

    /** Reads keys in one request. */
    TxnResponse all(List<ByteString> keys, long revision) throws InterruptedException, RevisionGoneException {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        keys.forEach(key -> txn.addSuccess(op(key(key).setRevision(revision))));
        return answer(SnapshotReads.send(store.connection(), txn.build()), keys.get(0));
    }

    RangeRequest.Builder key(ByteString key) {
        return RangeRequest.newBuilder().setKey(store.key(key));
    }

    RangeRequest.Builder prefix(ByteString prefix) {
        return RangeRequest.newBuilder().setKey(store.key(prefix)).setRangeEnd(store.key(StmKeys.end(prefix)));
    }

    static RequestOp op(RangeRequest.Builder read) {
        return RequestOp.newBuilder().setRequestRange(read).build();
    }

    /** What a read of a prefix found. */
    Contents.Prefix found(RangeResponse answer, long revision) {
        TreeMap<ByteString, Version> found = new TreeMap<>(StmKeys.ORDER);
        for (KeyValue kv : answer.getKvsList()) {
            found.put(store.relative(kv.getKey()), Version.of(kv));
        }
        return new Contents.Prefix(revision, found);
    }

    private <A> A answer(CompletableFuture<A> asked, ByteString key)
            throws InterruptedException, RevisionGoneException {
        // Each of them ends by itself with the request timeout; twice that only bounds what should not be.
        Duration longest = store.connection().requestTimeout().multipliedBy(2);
        try {
            return store.connection().timing().await(asked, longest);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            RuntimeException failure = store.failure(cause, key.toStringUtf8());
            if (failure instanceof RecipeException refused && SnapshotReads.isRevisionGone(refused)) {
                throw new RevisionGoneException(failure);
            }
            throw failure;
        } catch (TimeoutException e) {
            throw new EtcdUnavailableException(
                    EtcdStm.RECIPE, key.toStringUtf8(), store.connection().endpoints(), longest, e);
        }
    }
}
