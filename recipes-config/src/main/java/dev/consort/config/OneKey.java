/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.Compare.CompareResult;
import io.etcd.jetcd.api.Compare.CompareTarget;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;

/**
 * The layout of what is but one key: the name, with the value as it is.
 *
 * @param name as the user knows it
 */
record OneKey(String name) {
    private ByteString key(Store store) {
        return store.key(name);
    }

    RangeRequest read(Store store) {
        return RangeRequest.newBuilder().setKey(key(store)).build();
    }

    TxnRequest set(Store store, ByteString value) {
        return TxnRequest.newBuilder().addSuccess(put(store, value)).build();
    }

    /** If it was last written at that revision, or is absent for 0; else reads it. */
    TxnRequest replace(Store store, long expected, ByteString value) {
        return TxnRequest.newBuilder()
                .addCompare(isOf(store, expected))
                .addSuccess(put(store, value))
                .addFailure(RequestOp.newBuilder().setRequestRange(read(store)))
                .build();
    }

    TxnRequest delete(Store store, long expected) {
        return TxnRequest.newBuilder()
                .addCompare(isOf(store, expected))
                .addSuccess(RequestOp.newBuilder()
                        .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(key(store))))
                .build();
    }

    private RequestOp put(Store store, ByteString value) {
        return RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder().setKey(key(store)).setValue(value))
                .build();
    }

    private Compare isOf(Store store, long revision) {
        return Compare.newBuilder()
                .setKey(key(store))
                .setTarget(CompareTarget.MOD)
                .setResult(CompareResult.EQUAL)
                .setModRevision(revision)
                .build();
    }
}
