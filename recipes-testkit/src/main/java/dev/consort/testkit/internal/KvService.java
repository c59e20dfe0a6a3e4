/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.CompactionResponse;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.DeleteRangeResponse;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.PutResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.grpc.stub.StreamObserver;

/** etcd's KV service. Threadsafe. */
final class KvService extends KVGrpc.KVImplBase {
    private final Member member;

    KvService(Member member) {
        this.member = member;
    }

    @Override
    public void range(RangeRequest request, StreamObserver<RangeResponse> client) {
        member.answer(client, () -> {
            Checks.range(request);
            RangeResponse.Builder response = member.kv().range(member.caller(), request);
            return response.setHeader(member.header(response.getHeader().getRevision()))
                    .build();
        });
    }

    @Override
    public void put(PutRequest request, StreamObserver<PutResponse> client) {
        member.answer(client, () -> {
            Checks.put(request);
            Caller caller = member.caller();
            member.checkLogged(request);
            PutResponse.Builder response = member.kv().put(caller, request);
            return response.setHeader(member.header(response.getHeader().getRevision()))
                    .build();
        });
    }

    @Override
    public void deleteRange(DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> client) {
        member.answer(client, () -> {
            Checks.delete(request);
            Caller caller = member.caller();
            member.checkLogged(request);
            DeleteRangeResponse.Builder response = member.kv().delete(caller, request);
            return response.setHeader(member.header(response.getHeader().getRevision()))
                    .build();
        });
    }

    @Override
    public void txn(TxnRequest request, StreamObserver<TxnResponse> client) {
        member.answer(client, () -> {
            Checks.txn(request, member.core().settings().maxTxnOps());
            Caller caller = member.caller();
            if (!Checks.isReadOnly(request)) {
                member.checkLogged(request);
            }
            TxnResponse.Builder response = member.kv().txn(caller, request);
            return response.setHeader(member.header(response.getHeader().getRevision()))
                    .build();
        });
    }

    @Override
    public void compact(CompactionRequest request, StreamObserver<CompactionResponse> client) {
        member.answer(client, () -> {
            Caller caller = member.caller();
            member.core().countRequest();
            member.kv().compact(caller, request);
            return CompactionResponse.newBuilder().setHeader(member.header()).build();
        });
    }
}
