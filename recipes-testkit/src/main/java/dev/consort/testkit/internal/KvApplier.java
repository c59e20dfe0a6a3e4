/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.DeleteRangeResponse;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.PutResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import org.jspecify.annotations.Nullable;

/**
 * What a request does to the keys (etcd's {@code apply.go}). The headers of the answers have the revision only. Requests
 * have been checked for what can be seen without the keys. To be used under the server's lock.
 */
final class KvApplier {
    private final ServerCore core;

    KvApplier(ServerCore core) {
        this.core = core;
    }

    RangeResponse.Builder range(Caller caller, RangeRequest request) {
        core.auth().checkRange(caller, request.getKey(), request.getRangeEnd());
        return RangeReader.read(core.store(), core.store().revision(), request);
    }

    PutResponse.Builder put(Caller caller, PutRequest request) {
        checkSpace(1);
        checkPut(caller, request);
        if (request.getLease() != Lessor.NO_LEASE) {
            var unused = core.lessor().get(request.getLease());
        }
        if (request.getIgnoreValue() || request.getIgnoreLease()) {
            checkExists(request.getKey());
        }
        WriteTxn txn = core.begin();
        PutResponse.Builder response = put(txn, request);
        core.commit(txn);
        return response;
    }

    DeleteRangeResponse.Builder delete(Caller caller, DeleteRangeRequest request) {
        checkDelete(caller, request);
        WriteTxn txn = core.begin();
        DeleteRangeResponse.Builder response = delete(txn, request);
        core.commit(txn);
        return response;
    }

    TxnResponse.Builder txn(Caller caller, TxnRequest request) {
        checkSpace(TxnApplier.cost(request));
        checkTxn(caller, request);
        TxnApplier applier = new TxnApplier(core, this);
        TxnApplier.Plan plan = applier.plan(request);
        applier.checkPuts(plan);
        applier.checkRanges(plan);
        WriteTxn txn = core.begin();
        TxnResponse.Builder response = applier.apply(txn, plan);
        response.setHeader(header(txn.revision()));
        core.commit(txn);
        return response;
    }

    void compact(Caller caller, CompactionRequest request) {
        core.auth().checkAdmin(caller);
        core.store().compact(request.getRevision());
    }

    PutResponse.Builder put(WriteTxn txn, PutRequest request) {
        PutResponse.Builder response = PutResponse.newBuilder();
        KeyValue before = core.store().latest(request.getKey());
        if (request.getPrevKv() && before != null) {
            response.setPrevKv(before);
        }
        ByteString value = request.getIgnoreValue() && before != null ? before.getValue() : request.getValue();
        long lease = request.getIgnoreLease() && before != null ? before.getLease() : request.getLease();
        return response.setHeader(header(txn.put(request.getKey(), value, lease)));
    }

    DeleteRangeResponse.Builder delete(WriteTxn txn, DeleteRangeRequest request) {
        KeyRange range = KeyRange.of(request.getKey(), request.getRangeEnd());
        DeleteRangeResponse.Builder response = DeleteRangeResponse.newBuilder();
        if (request.getPrevKv()) {
            for (ByteString key : core.store().keys(range)) {
                KeyValue before = core.store().latest(key);
                if (before != null) {
                    response.addPrevKvs(before);
                }
            }
        }
        response.setDeleted(txn.delete(range));
        return response.setHeader(header(txn.revision()));
    }

    void checkExists(ByteString key) {
        if (core.store().latest(key) == null) {
            throw EtcdError.KEY_NOT_FOUND.failure();
        }
    }

    void checkSpace(long cost) {
        if (cost > 0 && !core.noSpace().isEmpty()) {
            throw EtcdError.NO_SPACE.failure();
        }
    }

    private void checkPut(Caller caller, PutRequest request) {
        core.auth().checkPut(caller, request.getKey());
        core.auth().checkLeaseKeys(caller, core.lessor().find(request.getLease()));
        if (request.getPrevKv()) {
            core.auth().checkRange(caller, request.getKey(), ByteString.EMPTY);
        }
    }

    private void checkDelete(Caller caller, DeleteRangeRequest request) {
        core.auth().checkDelete(caller, request.getKey(), request.getRangeEnd());
        if (request.getPrevKv()) {
            core.auth().checkRange(caller, request.getKey(), request.getRangeEnd());
        }
    }

    private void checkTxn(Caller caller, TxnRequest request) {
        if (!core.auth().isEnabled()) {
            return;
        }
        request.getCompareList()
                .forEach(compare -> core.auth().checkRange(caller, compare.getKey(), compare.getRangeEnd()));
        for (var branch : java.util.List.of(request.getSuccessList(), request.getFailureList())) {
            for (var op : branch) {
                switch (op.getRequestCase()) {
                    case REQUEST_RANGE ->
                        core.auth()
                                .checkRange(
                                        caller,
                                        op.getRequestRange().getKey(),
                                        op.getRequestRange().getRangeEnd());
                    case REQUEST_PUT -> checkPut(caller, op.getRequestPut());
                    case REQUEST_DELETE_RANGE -> checkDelete(caller, op.getRequestDeleteRange());
                    case REQUEST_TXN -> checkTxn(caller, op.getRequestTxn());
                    case REQUEST_NOT_SET -> {}
                }
            }
        }
    }

    static ResponseHeader header(long revision) {
        return ResponseHeader.newBuilder().setRevision(revision).build();
    }

    @Nullable
    KeyValue find(ByteString key) {
        return core.store().latest(key);
    }
}
