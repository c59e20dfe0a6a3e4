/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeRequest.SortOrder;
import io.etcd.jetcd.api.RangeRequest.SortTarget;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseHeader;
import java.util.Comparator;
import java.util.List;

/** Range requests with all their options, in the order in which etcd applies these. */
final class RangeReader {
    private RangeReader() {}

    /** The answer, whose header has the revision only. */
    static RangeResponse.Builder read(MvccStore store, long current, RangeRequest request) {
        MvccStore.Found found = store.range(
                KeyRange.of(request.getKey(), request.getRangeEnd()),
                request.getRevision(),
                current,
                fetchLimit(request),
                request.getCountOnly());
        List<KeyValue> kvs = found.kvs();
        prune(kvs, request);
        Comparator<KeyValue> order = order(request);
        if (order != null) {
            kvs.sort(order);
        }
        RangeResponse.Builder response = RangeResponse.newBuilder();
        if (request.getLimit() > 0 && kvs.size() > request.getLimit()) {
            kvs = kvs.subList(0, (int) request.getLimit());
            response.setMore(true);
        }
        if (request.getKeysOnly()) {
            kvs.forEach(kv -> response.addKvs(kv.toBuilder().clearValue()));
        } else {
            response.addAllKvs(kvs);
        }
        return response.setCount(found.count())
                .setHeader(ResponseHeader.newBuilder().setRevision(found.revision()));
    }

    /** One more than wanted tells that there is more; what is filtered or sorted is needed whole. */
    private static long fetchLimit(RangeRequest request) {
        boolean whole = request.getSortOrder() != SortOrder.NONE
                || request.getMinModRevision() != 0
                || request.getMaxModRevision() != 0
                || request.getMinCreateRevision() != 0
                || request.getMaxCreateRevision() != 0;
        return whole || request.getLimit() <= 0 ? 0 : request.getLimit() + 1;
    }

    private static void prune(List<KeyValue> kvs, RangeRequest request) {
        if (request.getMaxModRevision() != 0) {
            kvs.removeIf(kv -> kv.getModRevision() > request.getMaxModRevision());
        }
        if (request.getMinModRevision() != 0) {
            kvs.removeIf(kv -> kv.getModRevision() < request.getMinModRevision());
        }
        if (request.getMaxCreateRevision() != 0) {
            kvs.removeIf(kv -> kv.getCreateRevision() > request.getMaxCreateRevision());
        }
        if (request.getMinCreateRevision() != 0) {
            kvs.removeIf(kv -> kv.getCreateRevision() < request.getMinCreateRevision());
        }
    }

    private static @org.jspecify.annotations.Nullable Comparator<KeyValue> order(RangeRequest request) {
        // They are in the order of their keys already; any other target is ascending unless it is said.
        if (request.getSortOrder() == SortOrder.NONE && request.getSortTarget() == SortTarget.KEY) {
            return null;
        }
        Comparator<KeyValue> ascending = switch (request.getSortTarget()) {
            case KEY, UNRECOGNIZED -> Comparator.comparing(KeyValue::getKey, KeyRange.ORDER);
            case VERSION -> Comparator.comparingLong(KeyValue::getVersion);
            case CREATE -> Comparator.comparingLong(KeyValue::getCreateRevision);
            case MOD -> Comparator.comparingLong(KeyValue::getModRevision);
            case VALUE -> Comparator.comparing(KeyValue::getValue, KeyRange.ORDER);
        };
        return request.getSortOrder() == SortOrder.DESCEND ? ascending.reversed() : ascending;
    }
}
