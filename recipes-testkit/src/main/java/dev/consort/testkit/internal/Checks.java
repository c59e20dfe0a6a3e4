/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.List;
import java.util.stream.Stream;

/** What etcd refuses before it looks at any key (its {@code api/v3rpc/key.go}). */
final class Checks {
    private Checks() {}

    static void range(RangeRequest request) {
        notEmpty(request.getKey());
    }

    static void put(PutRequest request) {
        notEmpty(request.getKey());
        if (request.getIgnoreValue() && !request.getValue().isEmpty()) {
            throw EtcdError.VALUE_PROVIDED.failure();
        }
        if (request.getIgnoreLease() && request.getLease() != 0) {
            throw EtcdError.LEASE_PROVIDED.failure();
        }
    }

    static void delete(DeleteRangeRequest request) {
        notEmpty(request.getKey());
    }

    private static void notEmpty(com.google.protobuf.ByteString key) {
        if (key.isEmpty()) {
            throw EtcdError.EMPTY_KEY.failure();
        }
    }

    static void txn(TxnRequest request, int maxOps) {
        ops(request, maxOps);
        TxnKeys.check(request.getSuccessList());
        TxnKeys.check(request.getFailureList());
    }

    private static void ops(TxnRequest request, int maxOps) {
        int most = Math.max(request.getCompareCount(), Math.max(request.getSuccessCount(), request.getFailureCount()));
        if (most > maxOps) {
            throw EtcdError.TOO_MANY_OPS.failure();
        }
        for (Compare compare : request.getCompareList()) {
            notEmpty(compare.getKey());
        }
        request.getSuccessList().forEach(op -> op(op, maxOps - most));
        request.getFailureList().forEach(op -> op(op, maxOps - most));
    }

    private static void op(RequestOp op, int maxOps) {
        switch (op.getRequestCase()) {
            case REQUEST_RANGE -> range(op.getRequestRange());
            case REQUEST_PUT -> put(op.getRequestPut());
            case REQUEST_DELETE_RANGE -> delete(op.getRequestDeleteRange());
            case REQUEST_TXN -> ops(op.getRequestTxn(), maxOps);
            case REQUEST_NOT_SET -> throw EtcdError.KEY_NOT_FOUND.failure();
        }
    }

    /** etcd does not send these through its log; they are not limited in size there. */
    static boolean isReadOnly(TxnRequest request) {
        return Stream.of(request.getSuccessList(), request.getFailureList())
                .flatMap(List::stream)
                .allMatch(RequestOp::hasRequestRange);
    }
}
