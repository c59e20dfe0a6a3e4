/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchCancelRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchCreateRequest.FilterType;
import io.etcd.jetcd.api.WatchProgressRequest;
import io.etcd.jetcd.api.WatchRequest;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Random requests, many of which mean something: few keys, few leases, revisions that a short sequence makes. */
final class Requests {
    static final int LEASES = 3;
    private static final int REVISIONS = 24;
    private static final ByteString FROM_KEY = ByteString.copyFrom(new byte[1]);

    private Requests() {}

    static Arbitrary<Step> step() {
        return Arbitraries.frequencyOf(
                Tuple.of(8, put().map(request -> new Step.Call<>(KVGrpc.getPutMethod(), request))),
                Tuple.of(8, range().map(request -> new Step.Call<>(KVGrpc.getRangeMethod(), request))),
                Tuple.of(3, delete().map(request -> new Step.Call<>(KVGrpc.getDeleteRangeMethod(), request))),
                Tuple.of(12, txn(2).map(request -> new Step.Call<>(KVGrpc.getTxnMethod(), survivable(request)))),
                Tuple.of(2, revision().map(Requests::compact)),
                Tuple.of(2, grant().map(request -> new Step.Call<>(LeaseGrpc.getLeaseGrantMethod(), request))),
                Tuple.of(1, lease().map(Requests::revoke)),
                Tuple.of(1, lease().map(Requests::timeToLive)),
                Tuple.of(1, lease().map(Step.KeepAlive::new)),
                Tuple.of(4, watch().map(Step.Watch::new)),
                Tuple.of(1, Arbitraries.longs().between(0, 4).map(Requests::cancel)),
                Tuple.of(
                        3,
                        Arbitraries.just(new Step.Watch(WatchRequest.newBuilder()
                                .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                                .build()))));
    }

    private static Step compact(long revision) {
        return new Step.Call<>(
                KVGrpc.getCompactMethod(),
                CompactionRequest.newBuilder()
                        .setRevision(revision)
                        .setPhysical(true)
                        .build());
    }

    private static Step revoke(long id) {
        return new Step.Call<>(
                LeaseGrpc.getLeaseRevokeMethod(),
                LeaseRevokeRequest.newBuilder().setID(id).build());
    }

    private static Step timeToLive(long id) {
        return new Step.Call<>(
                LeaseGrpc.getLeaseTimeToLiveMethod(),
                LeaseTimeToLiveRequest.newBuilder().setID(id).setKeys(true).build());
    }

    private static Step cancel(long id) {
        return new Step.Watch(WatchRequest.newBuilder()
                .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(id))
                .build());
    }

    static Arbitrary<ByteString> key() {
        return Arbitraries.frequencyOf(
                Tuple.of(40, Arbitraries.of("a", "ab", "b", "b\0", "c", "d").map(ByteString::copyFromUtf8)),
                Tuple.of(1, Arbitraries.of(ByteString.EMPTY, ByteString.copyFrom(new byte[] {(byte) 0xff}))));
    }

    private static Arbitrary<ByteString> end() {
        return Arbitraries.frequencyOf(
                Tuple.of(5, Arbitraries.just(ByteString.EMPTY)),
                Tuple.of(4, Arbitraries.of("\0", "a", "b", "b\0", "c", "e").map(ByteString::copyFromUtf8)));
    }

    private static Arbitrary<ByteString> value() {
        return Arbitraries.of("", "x", "y", "yy", "z").map(ByteString::copyFromUtf8);
    }

    private static Arbitrary<Long> revision() {
        return Arbitraries.frequencyOf(
                Tuple.of(12, Arbitraries.longs().between(1, REVISIONS)), Tuple.of(1, Arbitraries.of(-1L, 0L, 1000L)));
    }

    private static Arbitrary<Long> revisionOrNone() {
        return Arbitraries.frequencyOf(Tuple.of(3, Arbitraries.just(0L)), Tuple.of(1, revision()));
    }

    private static Arbitrary<Long> lease() {
        return Arbitraries.longs().between(1, LEASES);
    }

    private static Arbitrary<Boolean> rarely() {
        return Arbitraries.frequency(Tuple.of(5, false), Tuple.of(1, true));
    }

    private static Arbitrary<PutRequest> put() {
        return Combinators.combine(
                        key(),
                        value(),
                        Arbitraries.frequencyOf(Tuple.of(3, Arbitraries.just(0L)), Tuple.of(1, lease())),
                        Arbitraries.of(true, false),
                        rarely(),
                        rarely(),
                        rarely())
                .as((key, value, lease, previous, ignoreValue, ignoreLease, sensible) -> PutRequest.newBuilder()
                        .setKey(key)
                        .setValue(ignoreValue && !sensible ? ByteString.EMPTY : value)
                        .setLease(ignoreLease && !sensible ? 0 : lease)
                        .setPrevKv(previous)
                        .setIgnoreValue(ignoreValue)
                        .setIgnoreLease(ignoreLease)
                        .build());
    }

    private static Arbitrary<RangeRequest> range() {
        Arbitrary<RangeRequest> plain = Combinators.combine(
                        key(),
                        end(),
                        Arbitraries.longs().between(-1, 3),
                        revisionOrNone(),
                        Arbitraries.of(
                                RangeRequest.SortOrder.NONE,
                                RangeRequest.SortOrder.ASCEND,
                                RangeRequest.SortOrder.DESCEND),
                        Arbitraries.of(
                                RangeRequest.SortTarget.KEY,
                                RangeRequest.SortTarget.VERSION,
                                RangeRequest.SortTarget.CREATE,
                                RangeRequest.SortTarget.MOD,
                                RangeRequest.SortTarget.VALUE),
                        rarely(),
                        rarely())
                .as((key, end, limit, revision, order, target, keysOnly, countOnly) -> RangeRequest.newBuilder()
                        .setKey(key)
                        .setRangeEnd(end)
                        .setLimit(limit)
                        .setRevision(revision)
                        .setSortOrder(order)
                        .setSortTarget(target)
                        .setKeysOnly(keysOnly)
                        .setCountOnly(countOnly)
                        .build());
        return Combinators.combine(
                        plain,
                        rarely(),
                        Arbitraries.longs().between(0, REVISIONS).list().ofSize(4))
                .as((request, filtered, bounds) -> filtered
                        ? request.toBuilder()
                                .setMinModRevision(bounds.get(0) / 2)
                                .setMaxModRevision(bounds.get(1))
                                .setMinCreateRevision(bounds.get(2) / 2)
                                .setMaxCreateRevision(bounds.get(3))
                                .build()
                        : request);
    }

    private static Arbitrary<DeleteRangeRequest> delete() {
        return Combinators.combine(key(), end(), Arbitraries.of(true, false))
                .as((key, end, previous) -> DeleteRangeRequest.newBuilder()
                        .setKey(key)
                        .setRangeEnd(end)
                        .setPrevKv(previous)
                        .build());
    }

    private static Arbitrary<Compare> compare() {
        return Combinators.combine(
                        key(),
                        Arbitraries.frequencyOf(Tuple.of(3, Arbitraries.just(ByteString.EMPTY)), Tuple.of(1, end())),
                        Arbitraries.of(
                                Compare.CompareResult.EQUAL,
                                Compare.CompareResult.GREATER,
                                Compare.CompareResult.LESS,
                                Compare.CompareResult.NOT_EQUAL),
                        Arbitraries.integers().between(0, 4),
                        Arbitraries.longs().between(0, 5),
                        value())
                .as(Requests::compare);
    }

    private static Compare compare(
            ByteString key, ByteString end, Compare.CompareResult result, int target, long number, ByteString value) {
        Compare.Builder compare =
                Compare.newBuilder().setKey(key).setRangeEnd(end).setResult(result);
        switch (target) {
            case 0 -> compare.setTarget(Compare.CompareTarget.VERSION).setVersion(number);
            case 1 -> compare.setTarget(Compare.CompareTarget.CREATE).setCreateRevision(number * 3);
            case 2 -> compare.setTarget(Compare.CompareTarget.MOD).setModRevision(number * 3);
            case 3 -> compare.setTarget(Compare.CompareTarget.VALUE).setValue(value);
            default ->
                compare.setTargetValue(4)
                        .setUnknownFields(UnknownFieldSet.newBuilder()
                                .addField(
                                        8,
                                        UnknownFieldSet.Field.newBuilder()
                                                .addVarint(number / 2)
                                                .build())
                                .build());
        }
        return compare.build();
    }

    private static Arbitrary<TxnRequest> txn(int depth) {
        Arbitrary<List<RequestOp>> branch = op(depth).list().ofMaxSize(3);
        return Combinators.combine(compare().list().ofMaxSize(2), branch, branch)
                .as((compares, success, failure) -> TxnRequest.newBuilder()
                        .addAllCompare(compares)
                        .addAllSuccess(success)
                        .addAllFailure(failure)
                        .build());
    }

    /**
     * A real server looks for the key of a put that keeps a value or a lease before the transaction only; if the transaction
     * itself has deleted it, the server panics (3.4.23 and 3.5.30), and at each start again. So it does when a key is read
     * that a transaction has deleted and put again, and that revision has been compacted; transactions that do both are
     * refused, unless they delete from a key on.
     */
    private static TxnRequest survivable(TxnRequest txn) {
        return deletes(txn) ? careful(txn) : txn;
    }

    private static boolean deletes(TxnRequest txn) {
        return Stream.concat(txn.getSuccessList().stream(), txn.getFailureList().stream())
                .anyMatch(op -> op.hasRequestDeleteRange() || (op.hasRequestTxn() && deletes(op.getRequestTxn())));
    }

    private static TxnRequest careful(TxnRequest txn) {
        return txn.toBuilder()
                .clearSuccess()
                .clearFailure()
                .addAllSuccess(
                        txn.getSuccessList().stream().map(Requests::careful).toList())
                .addAllFailure(
                        txn.getFailureList().stream().map(Requests::careful).toList())
                .build();
    }

    private static RequestOp careful(RequestOp op) {
        if (op.hasRequestPut()) {
            PutRequest put = op.getRequestPut().toBuilder()
                    .setIgnoreValue(false)
                    .setIgnoreLease(false)
                    .build();
            return RequestOp.newBuilder().setRequestPut(put).build();
        }
        if (op.hasRequestDeleteRange()
                && op.getRequestDeleteRange().getRangeEnd().equals(FROM_KEY)) {
            DeleteRangeRequest bounded = op.getRequestDeleteRange().toBuilder()
                    .setRangeEnd(ByteString.copyFromUtf8("e"))
                    .build();
            return RequestOp.newBuilder().setRequestDeleteRange(bounded).build();
        }
        return op.hasRequestTxn()
                ? RequestOp.newBuilder()
                        .setRequestTxn(careful(op.getRequestTxn()))
                        .build()
                : op;
    }

    private static Arbitrary<RequestOp> op(int depth) {
        Arbitrary<RequestOp> put = put().map(
                        request -> RequestOp.newBuilder().setRequestPut(request).build());
        Arbitrary<RequestOp> range = range().map(request ->
                RequestOp.newBuilder().setRequestRange(request).build());
        Arbitrary<RequestOp> delete = delete().map(request ->
                RequestOp.newBuilder().setRequestDeleteRange(request).build());
        Arbitrary<RequestOp> nothing = Arbitraries.just(RequestOp.getDefaultInstance());
        if (depth == 0) {
            return Arbitraries.frequencyOf(Tuple.of(4, put), Tuple.of(3, range), Tuple.of(2, delete));
        }
        Arbitrary<RequestOp> nested = Arbitraries.lazy(() -> txn(depth - 1)
                .map(request -> RequestOp.newBuilder().setRequestTxn(request).build()));
        return Arbitraries.frequencyOf(
                Tuple.of(40, put),
                Tuple.of(30, range),
                Tuple.of(20, delete),
                Tuple.of(20, nested),
                Tuple.of(1, nothing));
    }

    private static Arbitrary<LeaseGrantRequest> grant() {
        return Combinators.combine(lease(), Arbitraries.of(100L, 1000L, 9_000_000_000L, 9_000_000_001L))
                .as((id, ttl) ->
                        LeaseGrantRequest.newBuilder().setID(id).setTTL(ttl).build());
    }

    private static Arbitrary<WatchRequest> watch() {
        return Combinators.combine(
                        key(),
                        end(),
                        Arbitraries.frequencyOf(Tuple.of(2, Arbitraries.just(0L)), Tuple.of(1, revision())),
                        Arbitraries.of(true, false),
                        Arbitraries.of(FilterType.NOPUT, FilterType.NODELETE)
                                .list()
                                .ofMaxSize(1),
                        Arbitraries.frequency(Tuple.of(4, 0L), Tuple.of(1, 3L)))
                .as((key, end, start, previous, filters, id) -> WatchRequest.newBuilder()
                        .setCreateRequest(WatchCreateRequest.newBuilder()
                                .setKey(key)
                                .setRangeEnd(end)
                                .setStartRevision(start)
                                .setPrevKv(previous)
                                .addAllFilters(filters)
                                .setUnknownFields(UnknownFieldSet.newBuilder()
                                        .addField(
                                                7,
                                                UnknownFieldSet.Field.newBuilder()
                                                        .addVarint(id)
                                                        .build())
                                        .build()))
                        .build());
    }
}
