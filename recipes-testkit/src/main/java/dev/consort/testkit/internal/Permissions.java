/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Permission;
import java.util.Comparator;
import java.util.List;

/** Whether key ranges of roles, merged, cover what is asked for. */
final class Permissions {
    private Permissions() {}

    static boolean isValid(Permission permission) {
        KeyRange range = KeyRange.of(permission.getKey(), permission.getRangeEnd());
        ByteString end = range.end();
        return !range.begin().isEmpty()
                && (end == null || end.isEmpty() || KeyRange.ORDER.compare(range.begin(), end) < 0);
    }

    static boolean permit(List<Permission> given, ByteString key, ByteString rangeEnd, Permission.Type type) {
        KeyRange wanted = KeyRange.of(key, rangeEnd);
        ByteString end = wanted.end();
        List<KeyRange> ranges = given.stream()
                .filter(permission ->
                        permission.getPermType() == type || permission.getPermType() == Permission.Type.READWRITE)
                .map(permission -> KeyRange.of(permission.getKey(), permission.getRangeEnd()))
                .sorted(Comparator.comparing(KeyRange::begin, KeyRange.ORDER))
                .toList();
        if (end == null) {
            return ranges.stream().anyMatch(range -> range.contains(key));
        }
        ByteString covered = key;
        for (KeyRange range : ranges) {
            if (KeyRange.ORDER.compare(range.begin(), covered) > 0) {
                return false;
            }
            ByteString last = endOf(range);
            if (!last.isEmpty() && KeyRange.ORDER.compare(last, key) <= 0) {
                continue;
            }
            if (last.isEmpty() || (!end.isEmpty() && KeyRange.ORDER.compare(last, end) >= 0)) {
                return true;
            }
            if (KeyRange.ORDER.compare(last, covered) > 0) {
                covered = last;
            }
        }
        return false;
    }

    private static ByteString endOf(KeyRange range) {
        ByteString end = range.end();
        return end == null ? range.begin().concat(ByteString.copyFrom(new byte[1])) : end;
    }
}
