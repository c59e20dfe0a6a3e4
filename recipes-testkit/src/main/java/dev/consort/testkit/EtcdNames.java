/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.protobuf.ByteString;
import java.util.HexFormat;

/** Keys, ranges and leases as people and etcdctl write them. */
final class EtcdNames {
    private static final ByteString ALL_FROM = ByteString.copyFrom(new byte[1]);

    private EtcdNames() {}

    static String lease(long id) {
        return Long.toHexString(id);
    }

    /** Its text, or its bytes if it has none that can be printed. */
    static String key(ByteString key) {
        String text = key.toStringUtf8();
        boolean printable = key.isValidUtf8() && text.codePoints().noneMatch(Character::isISOControl);
        return printable ? text : "0x" + HexFormat.of().formatHex(key.toByteArray());
    }

    /**
     * The keys of a range, named as in a request.
     *
     * @param end empty for one key, a zero byte for all keys from the first on
     */
    static String range(ByteString begin, ByteString end) {
        if (end.isEmpty()) {
            return key(begin);
        }
        if (end.equals(ALL_FROM)) {
            return "all keys from " + key(begin);
        }
        return isPrefixEnd(begin, end) ? "all below " + key(begin) : key(begin) + " to " + key(end);
    }

    private static boolean isPrefixEnd(ByteString begin, ByteString end) {
        int last = begin.size() - 1;
        return last >= 0
                && end.size() == begin.size()
                && end.substring(0, last).equals(begin.substring(0, last))
                && end.byteAt(last) == begin.byteAt(last) + 1;
    }
}
