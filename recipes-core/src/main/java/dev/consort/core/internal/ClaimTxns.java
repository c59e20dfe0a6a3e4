/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.List;

/** The requests of the claim queue's protocol. */
final class ClaimTxns {
    /** What a release reads: as many claims as a message carries, and the one that is told. */
    static final int FOLLOWING_LIMIT = Message.MAX_FOLLOWING + 1;

    private ClaimTxns() {}

    /** If neither my claim nor a newer fence exists: put my claim, and see whether I am alone. */
    static TxnRequest acquire(QueueKeys keys, ByteString value, long lease, ByteString fence, long fenceRevision) {
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.own(), 0))
                .addCompare(modIs(fence, fenceRevision))
                .addSuccess(put(keys.own(), value, lease))
                .addSuccess(op(prefix(keys.prefix(), 2)))
                .addFailure(op(key(keys.own())))
                .addFailure(op(key(fence)))
                .build();
    }

    /** Kills every acquire that was sent before and has not landed, and reads what has. */
    static TxnRequest fence(ByteString fence, long lease, ByteString own) {
        return TxnRequest.newBuilder()
                .addSuccess(put(fence, ByteString.EMPTY, lease))
                .addSuccess(op(key(own)))
                .build();
    }

    /** Reads my claim and the one before it at one revision. Read-only, so the sort is outside the apply loop. */
    static TxnRequest check(QueueKeys keys, long revision) {
        RangeRequest.Builder before = prefix(keys.prefix(), 1)
                .setMaxCreateRevision(revision - 1)
                .setSortTarget(RangeRequest.SortTarget.CREATE)
                .setSortOrder(RangeRequest.SortOrder.DESCEND);
        return TxnRequest.newBuilder()
                .addSuccess(op(key(keys.own())))
                .addSuccess(op(before))
                .build();
    }

    /** Reads my claim. */
    static TxnRequest own(QueueKeys keys) {
        return TxnRequest.newBuilder().addSuccess(op(key(keys.own()))).build();
    }

    /** Deletes my claim and tells the next one; reads who follows if that one is no more, or has no mailbox. */
    static TxnRequest releaseAndTell(QueueKeys keys, long revision, long lease, TxnRequest tell) {
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.own(), revision))
                .addCompare(leaseIs(keys.own(), lease))
                .addSuccess(delete(keys.own()))
                .addSuccess(RequestOp.newBuilder().setRequestTxn(tell))
                .addFailure(op(following(keys)))
                .build();
    }

    /** Deletes my claim and reads who follows. What another client wrote over it has no lease of ours, and stays. */
    static TxnRequest release(QueueKeys keys, long revision, long lease) {
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.own(), revision))
                .addCompare(leaseIs(keys.own(), lease))
                .addSuccess(delete(keys.own()))
                .addSuccess(op(following(keys)))
                .addFailure(op(following(keys)))
                .build();
    }

    /** Puts the message in the mailbox of a session of ours, if that claim still exists; else reads who is there. */
    static TxnRequest tell(QueueKeys keys, QueuedClaim next, ByteString mailbox, long lease, Message message) {
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.key(next), next.revision()))
                .addCompare(leaseIs(keys.key(next), lease))
                .addCompare(Compare.newBuilder()
                        .setKey(mailbox)
                        .setTarget(Compare.CompareTarget.VERSION)
                        .setResult(Compare.CompareResult.GREATER)
                        .setVersion(0))
                .addSuccess(put(mailbox, Message.encode(List.of(message)), lease))
                .addFailure(op(following(keys)))
                .build();
    }

    /** Changes my claim's value, unless an earlier or later change has been applied since. */
    static TxnRequest rewrite(QueueKeys keys, long revision, long modRevision, ByteString value, long lease) {
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.own(), revision))
                .addCompare(modIs(keys.own(), modRevision))
                .addSuccess(put(keys.own(), value, lease))
                .addFailure(op(key(keys.own())))
                .build();
    }

    /** The claims of a queue in key order, which is cheap for the server; the reader sorts them. */
    private static RangeRequest.Builder following(QueueKeys keys) {
        return prefix(keys.prefix(), FOLLOWING_LIMIT);
    }

    /** The first claims in the order of the queue: sorted by the server, so never within a transaction. */
    static RangeRequest first(QueueKeys keys) {
        return prefix(keys.prefix(), FOLLOWING_LIMIT)
                .setSortTarget(RangeRequest.SortTarget.CREATE)
                .setSortOrder(RangeRequest.SortOrder.ASCEND)
                .build();
    }

    static RangeRequest.Builder key(ByteString key) {
        return RangeRequest.newBuilder().setKey(key);
    }

    static RangeRequest.Builder prefix(ByteString prefix, int limit) {
        return RangeRequest.newBuilder()
                .setKey(prefix)
                .setRangeEnd(endOf(prefix))
                .setLimit(limit)
                .setKeysOnly(true);
    }

    /** The prefix with its last byte plus one; ours end in a slash, so there is no carry. */
    static ByteString endOf(ByteString prefix) {
        int last = prefix.size() - 1;
        return prefix.substring(0, last).concat(ByteString.copyFrom(new byte[] {(byte) (prefix.byteAt(last) + 1)}));
    }

    static Compare createIs(ByteString key, long revision) {
        return Compare.newBuilder()
                .setKey(key)
                .setTarget(Compare.CompareTarget.CREATE)
                .setResult(Compare.CompareResult.EQUAL)
                .setCreateRevision(revision)
                .build();
    }

    static Compare modIs(ByteString key, long revision) {
        return Compare.newBuilder()
                .setKey(key)
                .setTarget(Compare.CompareTarget.MOD)
                .setResult(Compare.CompareResult.EQUAL)
                .setModRevision(revision)
                .build();
    }

    /** jetcd's copy of etcd's API ends before the comparison of leases, which is its target 4 and its field 8. */
    static Compare leaseIs(ByteString key, long lease) {
        UnknownFieldSet.Field id =
                UnknownFieldSet.Field.newBuilder().addVarint(lease).build();
        return Compare.newBuilder()
                .setKey(key)
                .setTargetValue(4)
                .setResult(Compare.CompareResult.EQUAL)
                .setUnknownFields(UnknownFieldSet.newBuilder().addField(8, id).build())
                .build();
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

    static RequestOp op(RangeRequest.Builder range) {
        return RequestOp.newBuilder().setRequestRange(range).build();
    }
}
