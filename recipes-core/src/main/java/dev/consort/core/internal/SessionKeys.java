/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The layout of a session's own keys: {@code <prefix><hex lease>/mail} and {@code <prefix><hex lease>/fence}.
 *
 * @param prefix with the namespace and a trailing slash
 */
record SessionKeys(ByteString prefix) {
    private static final ByteString MAIL = ByteString.copyFromUtf8("/mail");
    private static final ByteString FENCE = ByteString.copyFromUtf8("/fence");

    ByteString mailbox(long lease) {
        return prefix.concat(hex(lease)).concat(MAIL);
    }

    ByteString fence(long lease) {
        return prefix.concat(hex(lease)).concat(FENCE);
    }

    /** Whether a key is a mailbox, a fence or a receipt, below whatever prefix. */
    static boolean isOwn(KeyValue kv) {
        return Stream.of(MAIL, FENCE)
                        .anyMatch(end -> kv.getKey()
                                .endsWith(ByteString.copyFromUtf8("/")
                                        .concat(hex(kv.getLease()))
                                        .concat(end)))
                || ReceiptLease.isReceipt(kv.getKey(), kv.getLease());
    }

    /** As Go prints it: lowercase, unpadded, a negative number as a minus and its magnitude. */
    static ByteString hex(long lease) {
        return ByteString.copyFromUtf8(Long.toString(lease, 16));
    }

    static OptionalLong parseHex(ByteString text) {
        try {
            long lease = Long.parseLong(text.toStringUtf8(), 16);
            return hex(lease).equals(text) ? OptionalLong.of(lease) : OptionalLong.empty();
        } catch (NumberFormatException notALease) {
            return OptionalLong.empty();
        }
    }
}
