/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.Compare.CompareResult;
import io.etcd.jetcd.api.Compare.CompareTarget;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The requests of offers. Immutable. */
record OfferTxns(Store store, QueueLayout layout, Orders how) {
    /** Counts the items. */
    RangeRequest count() {
        String items = layout.items();
        // Below the prefix: up to the character after its last one, a slash.
        return RangeRequest.newBuilder()
                .setKey(store.key(items))
                .setRangeEnd(store.key(items.substring(0, items.length() - 1) + "0"))
                .setCountOnly(true)
                .build();
    }

    /** Reads the tail, counts the items and looks for the id, at one revision and in this order. */
    TxnRequest countAndTail(@Nullable String id) {
        TxnRequest.Builder reads =
                TxnRequest.newBuilder().addSuccess(op(tail())).addSuccess(op(count()));
        if (id != null) {
            reads.addSuccess(op(countOf(id)));
        }
        return reads.build();
    }

    /**
     * Puts items if the tail is as it was and nothing was offered by the id; else reads the tail, if there is one for this
     * order, and counts what was offered by the id.
     *
     * @param known the tail as it was
     * @param into the tail that it is to be; the same one if it stays
     * @param by what the items are ordered by
     * @param unique what no other offer's items have in their keys
     * @param lease for the id
     */
    TxnRequest offer(
            Tail known, Tail into, List<ByteString> values, long by, String unique, @Nullable String id, long lease) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        if (how.hasSegments()) {
            txn.addCompare(compare(layout.tail()).setTarget(CompareTarget.MOD).setModRevision(known.modRevision()))
                    .addFailure(op(tail()));
        }
        if (!into.equals(known)) {
            txn.addSuccess(put(layout.tail(), ByteString.copyFromUtf8(into.text()), 0));
        }
        if (!how.isAppended()) {
            txn.addSuccess(put(layout.ahead(), ByteString.EMPTY, 0));
        }
        String prefix = layout.items() + how.order(by, into.segment()) + "/" + unique;
        for (int index = 0; index < values.size(); index++) {
            txn.addSuccess(put(prefix + String.format(Locale.ROOT, "-%03d", index), values.get(index), 0));
        }
        if (id != null) {
            txn.addCompare(compare(layout.id(id))
                            .setTarget(CompareTarget.CREATE)
                            .setCreateRevision(0))
                    .addSuccess(put(layout.id(id), ByteString.copyFromUtf8(unique), lease))
                    .addFailure(op(countOf(id)));
        }
        return txn.build();
    }

    /** What was read of the tail. */
    Tail tailOf(RangeResponse answer) {
        return answer.getKvsList().stream()
                .findFirst()
                .map(kv ->
                        Tail.parse(store.recipe(), layout.tail(), kv.getValue().toStringUtf8(), kv.getModRevision()))
                .orElse(Tail.ABSENT);
    }

    private RangeRequest tail() {
        return RangeRequest.newBuilder().setKey(store.key(layout.tail())).build();
    }

    private RangeRequest countOf(String id) {
        return RangeRequest.newBuilder()
                .setKey(store.key(layout.id(id)))
                .setCountOnly(true)
                .build();
    }

    private static RequestOp op(RangeRequest range) {
        return RequestOp.newBuilder().setRequestRange(range).build();
    }

    private RequestOp put(String key, ByteString value, long lease) {
        return RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder()
                        .setKey(store.key(key))
                        .setValue(value)
                        .setLease(lease))
                .build();
    }

    private Compare.Builder compare(String key) {
        return Compare.newBuilder().setKey(store.key(key)).setResult(CompareResult.EQUAL);
    }
}
