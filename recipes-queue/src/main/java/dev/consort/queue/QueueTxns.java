/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;

/** Parts of the requests of queues. */
final class QueueTxns {
    private QueueTxns() {}

    static RequestOp put(ByteString key, ByteString value) {
        return put(key, value, 0);
    }

    static RequestOp put(ByteString key, ByteString value, long lease) {
        return RequestOp.newBuilder()
                .setRequestPut(
                        PutRequest.newBuilder().setKey(key).setValue(value).setLease(lease))
                .build();
    }

    static RequestOp delete(ByteString key) {
        return RequestOp.newBuilder()
                .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(key))
                .build();
    }

    static TxnRequest of(RequestOp... operations) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (RequestOp operation : operations) {
            txn.addSuccess(operation);
        }
        return txn.build();
    }

    /** If the key has this mod revision; 0 means that it is absent. */
    static Compare modified(ByteString key, long revision) {
        return Compare.newBuilder()
                .setKey(key)
                .setTarget(Compare.CompareTarget.MOD)
                .setResult(Compare.CompareResult.EQUAL)
                .setModRevision(revision)
                .build();
    }

    /** The end of what begins so, for a text that ends in a slash. */
    static String after(String folder) {
        return folder.substring(0, folder.length() - 1) + (char) ('/' + 1);
    }
}
