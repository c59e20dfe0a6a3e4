/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.UnknownFieldSet;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.KeyValue;
import java.util.List;

/** The conditions of a transaction. jetcd's messages are older than the compare of leases: it is in unknown fields. */
final class Compares {
    private static final int TARGET_LEASE = 4;
    private static final int LEASE_FIELD = 8;

    private Compares() {}

    /** Whether all keys that are found satisfy the condition; absent ones have zero for everything, but no value. */
    static boolean holds(Compare compare, List<KeyValue> found) {
        if (found.isEmpty()) {
            return compare.getTargetValue() != Compare.CompareTarget.VALUE_VALUE
                    && holds(compare, KeyValue.getDefaultInstance());
        }
        return found.stream().allMatch(kv -> holds(compare, kv));
    }

    private static boolean holds(Compare compare, KeyValue kv) {
        int order = switch (compare.getTargetValue()) {
            case Compare.CompareTarget.VALUE_VALUE -> KeyRange.ORDER.compare(kv.getValue(), compare.getValue());
            case Compare.CompareTarget.CREATE_VALUE ->
                Long.compare(kv.getCreateRevision(), compare.getCreateRevision());
            case Compare.CompareTarget.MOD_VALUE -> Long.compare(kv.getModRevision(), compare.getModRevision());
            case Compare.CompareTarget.VERSION_VALUE -> Long.compare(kv.getVersion(), compare.getVersion());
            case TARGET_LEASE -> Long.compare(kv.getLease(), lease(compare));
            default -> 0;
        };
        return switch (compare.getResult()) {
            case EQUAL -> order == 0;
            case NOT_EQUAL -> order != 0;
            case GREATER -> order > 0;
            case LESS -> order < 0;
            case UNRECOGNIZED -> true;
        };
    }

    private static long lease(Compare compare) {
        return lastVarint(compare.getUnknownFields(), LEASE_FIELD);
    }

    /** A field that jetcd's messages do not know; 0 if it is absent. */
    static long lastVarint(UnknownFieldSet fields, int number) {
        List<Long> values = fields.getField(number).getVarintList();
        return values.isEmpty() ? 0 : values.get(values.size() - 1);
    }
}
