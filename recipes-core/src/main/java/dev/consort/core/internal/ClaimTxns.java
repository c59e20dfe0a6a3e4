/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The requests of the claim queue's protocol. */
final class ClaimTxns {
    /** What a transaction takes, nested ones included: as many comparisons, and as many operations. */
    static final int MAX_OPERATIONS = 128;

    /** What a release reads: as many claims as a message carries, and the one that is told. */
    static final int FOLLOWING_LIMIT = Message.MAX_FOLLOWING + 1;

    private ClaimTxns() {}

    /**
     * If neither my claims nor a newer fence exist: put my claims, one in each queue, and see what their rules ask for. The
     * claims come first in what is read, or else the fence comes last.
     */
    static TxnRequest acquire(
            List<QueueKeys> queues,
            ByteString value,
            long lease,
            ByteString fence,
            long fenceRevision,
            List<Compare> onlyIf) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (QueueKeys keys : queues) {
            txn.addCompare(createIs(keys.own(), 0))
                    .addSuccess(put(keys.own(), value, lease))
                    .addFailure(op(key(keys.own())));
        }
        txn.addCompare(modIs(fence, fenceRevision)).addAllCompare(onlyIf).addFailure(op(key(fence)));
        queues.forEach(keys -> keys.rule().whenMade(keys).forEach(read -> txn.addSuccess(op(read))));
        // (!) A mark that was left when somebody deleted the claim it belonged to would speak of this one.
        queues.forEach(keys -> txn.addAllSuccess(marks(keys, lease)));
        return txn.build();
    }

    /** Kills every acquire that was sent before and has not landed, and reads what has, after that. */
    static TxnRequest fence(ByteString fence, long lease, List<QueueKeys> queues) {
        TxnRequest.Builder txn = TxnRequest.newBuilder().addSuccess(put(fence, ByteString.EMPTY, lease));
        queues.forEach(keys -> txn.addSuccess(op(key(keys.own()))));
        return txn.build();
    }

    /** Reads my claim and what its rule asks for at one revision. Read-only, so a sort is outside the apply loop. */
    static TxnRequest check(QueueKeys keys, long revision) {
        TxnRequest.Builder txn = TxnRequest.newBuilder().addSuccess(op(key(keys.own())));
        keys.rule().whenChecked(keys, revision).forEach(read -> txn.addSuccess(op(read)));
        return txn.build();
    }

    /** Reads what a rule asks for as a claim is made, without making it. */
    static TxnRequest wouldBeMade(QueueKeys keys) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        keys.rule().whenMade(keys).forEach(read -> txn.addSuccess(op(read)));
        return txn.build();
    }

    /** The last claim of a range before a revision. */
    static RangeRequest.Builder lastBefore(RangeRequest.Builder range, long revision) {
        return range.setLimit(1)
                .setMaxCreateRevision(revision - 1)
                .setSortTarget(RangeRequest.SortTarget.CREATE)
                .setSortOrder(RangeRequest.SortOrder.DESCEND);
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
                .addAllSuccess(marks(keys, lease))
                .addFailure(op(following(keys)))
                .addAllFailure(marksLeft(keys, lease))
                .build();
    }

    /** Deletes my claim and reads who follows. What another client wrote over it has no lease of ours, and stays. */
    static TxnRequest release(QueueKeys keys, long revision, long lease) {
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.own(), revision))
                .addCompare(leaseIs(keys.own(), lease))
                .addSuccess(delete(keys.own()))
                .addSuccess(op(following(keys)))
                .addAllSuccess(marks(keys, lease))
                .addFailure(op(following(keys)))
                .addAllFailure(marksLeft(keys, lease))
                .build();
    }

    /** (!) Somebody else may have deleted the claim just now, and nobody but its session knows of its mark. */
    private static List<RequestOp> marksLeft(QueueKeys keys, long lease) {
        return keys.rule().mark(lease).stream()
                .map(mark -> RequestOp.newBuilder()
                        .setRequestTxn(deleteMark(keys, lease))
                        .build())
                .toList();
    }

    /** Deletes the mark of a claim that is gone; at any time, as often as one likes. */
    static TxnRequest deleteMark(QueueKeys keys, long lease) {
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.own(), 0))
                .addAllSuccess(marks(keys, lease))
                .build();
    }

    /**
     * Deletes my claims of one revision and reads who follows each, in one commit. Each has its own condition: one that is
     * gone already, or another client's now, keeps none of the others.
     */
    static TxnRequest releaseAll(List<QueueKeys> queues, long revision, long lease) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        queues.forEach(keys -> txn.addSuccess(RequestOp.newBuilder().setRequestTxn(release(keys, revision, lease))));
        return txn.build();
    }

    /** Tells the claims of each session by one message in its mailbox, if all of these exist; nobody is told by halves. */
    static TxnRequest tellAll(List<List<Letter>> bySession) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (List<Letter> letters : bySession) {
            Letter first = letters.get(0);
            TxnRequest.Builder one = TxnRequest.newBuilder()
                    .addCompare(exists(first.mailbox))
                    .addSuccess(put(
                            first.mailbox,
                            Message.encode(letters.stream().map(Letter::message).toList()),
                            first.lease));
            letters.forEach(letter -> one.addCompare(createIs(letter.key, letter.to.revision()))
                    .addCompare(leaseIs(letter.key, letter.lease)));
            txn.addSuccess(RequestOp.newBuilder().setRequestTxn(one));
        }
        return txn.build();
    }

    private static Compare exists(ByteString key) {
        return Compare.newBuilder()
                .setKey(key)
                .setTarget(Compare.CompareTarget.VERSION)
                .setResult(Compare.CompareResult.GREATER)
                .setVersion(0)
                .build();
    }

    private static List<RequestOp> marks(QueueKeys keys, long lease) {
        return keys.rule().mark(lease).stream()
                .map(mark -> delete(keys.prefix().concat(mark)))
                .toList();
    }

    /** A message for the owner of a claim, by the mailbox of its session. */
    record Letter(QueuedClaim to, ByteString key, long lease, ByteString mailbox, Message message) {}

    /** Puts messages in mailboxes of sessions of ours, if all their claims still exist; else reads who is there. */
    static TxnRequest tell(QueueKeys keys, List<Letter> letters, @Nullable QueuedClaim stopper) {
        TxnRequest.Builder txn = TxnRequest.newBuilder().addFailure(op(following(keys)));
        if (stopper != null) {
            txn.addCompare(createIs(keys.key(stopper), stopper.revision()));
        }
        Map<ByteString, List<Letter>> byMailbox = new LinkedHashMap<>(); // each of which is put once
        for (Letter letter : letters) {
            byMailbox
                    .computeIfAbsent(letter.mailbox, mailbox -> new ArrayList<>())
                    .add(letter);
            txn.addCompare(createIs(letter.key, letter.to.revision()))
                    .addCompare(leaseIs(letter.key, letter.lease))
                    .addCompare(exists(letter.mailbox));
        }
        byMailbox.forEach((mailbox, its) -> txn.addSuccess(
                put(mailbox, Message.encode(its.stream().map(Letter::message).toList()), its.get(0).lease)));
        return txn.build();
    }

    /** Reads claims and the mailboxes of their sessions, in turn; a transaction that reads only. */
    static TxnRequest withMailboxes(QueueKeys keys, List<QueuedClaim> claims, List<ByteString> mailboxes) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (int i = 0; i < claims.size(); i++) {
            txn.addSuccess(op(key(keys.key(claims.get(i))).setKeysOnly(true)))
                    .addSuccess(op(key(mailboxes.get(i)).setKeysOnly(true)));
        }
        return txn.build();
    }

    /**
     * Deletes my claim if a chosen one is there, which is told if it has a mailbox; else reads mine and who is there. That the
     * chosen one is there is the only condition beside my own claim, so a late attempt fails once it has failed.
     */
    static TxnRequest passOn(QueueKeys keys, long revision, long lease, Letter chosen) {
        TxnRequest tell = TxnRequest.newBuilder()
                .addCompare(exists(chosen.mailbox))
                .addSuccess(put(chosen.mailbox, Message.encode(List.of(chosen.message)), chosen.lease))
                .build();
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.own(), revision))
                .addCompare(leaseIs(keys.own(), lease))
                .addCompare(createIs(chosen.key, chosen.to.revision()))
                .addSuccess(delete(keys.own()))
                .addSuccess(RequestOp.newBuilder().setRequestTxn(tell))
                .addFailure(op(key(keys.own())))
                .addFailure(op(following(keys)))
                .build();
    }

    /** Changes my claim's value, unless an earlier or later change has been applied since. */
    static TxnRequest rewrite(
            QueueKeys keys, long revision, long modRevision, ByteString value, long lease, List<RequestOp> besides) {
        return TxnRequest.newBuilder()
                .addCompare(createIs(keys.own(), revision))
                .addCompare(modIs(keys.own(), modRevision))
                .addSuccess(put(keys.own(), value, lease))
                .addAllSuccess(besides)
                .addFailure(op(key(keys.own())))
                .build();
    }

    /** That nothing was put in a queue after a revision. */
    static Compare nothingNew(QueueKeys keys, long revision) {
        return Compare.newBuilder()
                .setKey(keys.prefix())
                .setRangeEnd(endOf(keys.prefix()))
                .setTarget(Compare.CompareTarget.MOD)
                .setResult(Compare.CompareResult.LESS)
                .setModRevision(revision + 1)
                .build();
    }

    /** The claims of a queue in key order, which is cheap for the server; the reader sorts them. */
    private static RangeRequest.Builder following(QueueKeys keys) {
        return prefix(keys.prefix(), FOLLOWING_LIMIT);
    }

    /** The first claims in the order of the queue: sorted by the server, so never within a transaction. */
    static RangeRequest first(QueueKeys keys, int limit) {
        return prefix(keys.prefix(), limit)
                .setSortTarget(RangeRequest.SortTarget.CREATE)
                .setSortOrder(RangeRequest.SortOrder.ASCEND)
                .build();
    }

    /** What a check has read beside its claim. */
    static List<RangeResponse> rangesAfterFirst(TxnResponse response) {
        return rangesAfter(1, response);
    }

    /** What was read beside so many claims. */
    static List<RangeResponse> rangesAfter(int claims, TxnResponse response) {
        return response.getResponsesList().stream()
                .skip(claims)
                .filter(ResponseOp::hasResponseRange)
                .map(ResponseOp::getResponseRange)
                .toList();
    }

    static RangeRequest.Builder key(ByteString key) {
        return RangeRequest.newBuilder().setKey(key);
    }

    /** Keys only; all of them for 0. */
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

    static RequestOp deleteAll(ByteString prefix) {
        return RequestOp.newBuilder()
                .setRequestDeleteRange(
                        DeleteRangeRequest.newBuilder().setKey(prefix).setRangeEnd(endOf(prefix)))
                .build();
    }

    static RequestOp op(RangeRequest.Builder range) {
        return RequestOp.newBuilder().setRequestRange(range).build();
    }
}
