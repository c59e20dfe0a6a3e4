/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * Nested transactions. As in etcd all conditions are judged first, on what was there before any write; then what the
 * branches taken need is checked; then nothing fails any more.
 */
final class TxnApplier {
    /**
     * A transaction whose conditions have been judged.
     *
     * @param succeeded whether all conditions hold
     * @param ops the branch taken
     * @param nested the plans of the transactions among the operations, in their order
     */
    record Plan(boolean succeeded, List<RequestOp> ops, List<Plan> nested) {}

    private final ServerCore core;
    private final KvApplier kv;

    TxnApplier(ServerCore core, KvApplier kv) {
        this.core = core;
        this.kv = kv;
    }

    /** What counts against the quota: the puts of this level. */
    static long cost(TxnRequest request) {
        return request.getSuccessList().stream()
                        .filter(RequestOp::hasRequestPut)
                        .count()
                + request.getFailureList().stream()
                        .filter(RequestOp::hasRequestPut)
                        .count();
    }

    Plan plan(TxnRequest request) {
        boolean succeeded = request.getCompareList().stream().allMatch(this::holds);
        List<RequestOp> ops = succeeded ? request.getSuccessList() : request.getFailureList();
        List<Plan> nested = new ArrayList<>();
        for (RequestOp op : ops) {
            if (op.hasRequestTxn()) {
                nested.add(plan(op.getRequestTxn()));
            }
        }
        return new Plan(succeeded, ops, nested);
    }

    private boolean holds(Compare compare) {
        KeyRange range = KeyRange.of(compare.getKey(), compare.getRangeEnd());
        long current = core.store().revision();
        return Compares.holds(
                compare, core.store().range(range, 0, current, 0, false).kvs());
    }

    void checkPuts(Plan plan) {
        int nested = 0;
        for (RequestOp op : plan.ops()) {
            if (op.hasRequestTxn()) {
                checkPuts(plan.nested().get(nested++));
            } else if (op.hasRequestPut()) {
                PutRequest put = op.getRequestPut();
                if (put.getIgnoreValue() || put.getIgnoreLease()) {
                    kv.checkExists(put.getKey());
                }
                if (put.getLease() != Lessor.NO_LEASE) {
                    var unused = core.lessor().get(put.getLease());
                }
            }
        }
    }

    void checkRanges(Plan plan) {
        int nested = 0;
        for (RequestOp op : plan.ops()) {
            if (op.hasRequestTxn()) {
                checkRanges(plan.nested().get(nested++));
            } else if (op.hasRequestRange() && op.getRequestRange().getRevision() != 0) {
                RangeRequest range = op.getRequestRange();
                if (range.getRevision() > core.store().revision()) {
                    throw EtcdError.FUTURE_REVISION.failure();
                }
                if (range.getRevision() < core.store().compacted()) {
                    throw EtcdError.COMPACTED.failure();
                }
            }
        }
    }

    /** The answer; the header of a nested one is empty. */
    TxnResponse.Builder apply(WriteTxn txn, Plan plan) {
        TxnResponse.Builder response = TxnResponse.newBuilder().setSucceeded(plan.succeeded());
        int nested = 0;
        for (RequestOp op : plan.ops()) {
            ResponseOp.Builder answer = ResponseOp.newBuilder();
            switch (op.getRequestCase()) {
                case REQUEST_RANGE ->
                    answer.setResponseRange(RangeReader.read(core.store(), txn.revision(), op.getRequestRange()));
                case REQUEST_PUT -> answer.setResponsePut(kv.put(txn, op.getRequestPut()));
                case REQUEST_DELETE_RANGE -> answer.setResponseDeleteRange(kv.delete(txn, op.getRequestDeleteRange()));
                case REQUEST_TXN ->
                    answer.setResponseTxn(
                            apply(txn, plan.nested().get(nested++)).setHeader(ResponseHeader.getDefaultInstance()));
                case REQUEST_NOT_SET -> throw new IllegalStateException("an operation that was refused before");
            }
            response.addResponses(answer);
        }
        return response;
    }
}
