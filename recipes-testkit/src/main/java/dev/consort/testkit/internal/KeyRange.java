/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * The keys that a request names.
 *
 * @param begin the first key
 * @param end null for the one key, empty for all keys from the first on, else the first key beyond
 */
record KeyRange(ByteString begin, @Nullable ByteString end) {
    /** By unsigned bytes, as that of protobuf, which walks through iterators: a quarter of the CPU time of a long read. */
    static final Comparator<ByteString> ORDER = KeyRange::compare;

    private static final ByteString FROM_KEY = ByteString.copyFrom(new byte[] {0});

    private static int compare(ByteString one, ByteString other) {
        int common = Math.min(one.size(), other.size());
        for (int i = 0; i < common; i++) {
            int difference = (one.byteAt(i) & 0xff) - (other.byteAt(i) & 0xff);
            if (difference != 0) {
                return difference;
            }
        }
        return one.size() - other.size();
    }

    /** As etcd reads the fields of a request: an absent end means one key, a zero byte all keys from the first on. */
    static KeyRange of(ByteString key, ByteString rangeEnd) {
        if (rangeEnd.isEmpty()) {
            return new KeyRange(key, null);
        }
        return new KeyRange(key, rangeEnd.equals(FROM_KEY) ? ByteString.EMPTY : rangeEnd);
    }

    static KeyRange key(ByteString key) {
        return new KeyRange(key, null);
    }

    static KeyRange prefix(ByteString prefix) {
        return new KeyRange(prefix, prefixEnd(prefix));
    }

    /** All that begins like this, as clients compute it. */
    private static ByteString prefixEnd(ByteString prefix) {
        byte[] end = prefix.toByteArray();
        for (int i = end.length - 1; i >= 0; i--) {
            if (end[i] != (byte) 0xff) {
                end[i]++;
                return ByteString.copyFrom(end, 0, i + 1);
            }
        }
        return ByteString.EMPTY;
    }

    /** The end as a request says it. */
    ByteString requestEnd() {
        return end == null ? ByteString.EMPTY : end.isEmpty() ? FROM_KEY : end;
    }

    boolean isSingle() {
        return end == null;
    }

    boolean contains(ByteString key) {
        if (end == null) {
            return begin.equals(key);
        }
        return ORDER.compare(begin, key) <= 0 && (end.isEmpty() || ORDER.compare(key, end) < 0);
    }
}
