/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;

/**
 * Which keys are read or watched, as etcd takes them: one, or all that begin alike.
 *
 * @param key the one, or where they begin; with the namespace
 * @param end after the last; empty for a single key
 */
record KeyRange(ByteString key, ByteString end) {
    static KeyRange one(ByteString key) {
        return new KeyRange(key, ByteString.EMPTY);
    }

    /** All below a prefix that does not end in the last byte there is. */
    static KeyRange prefix(ByteString prefix) {
        return new KeyRange(prefix, ClaimTxns.endOf(prefix));
    }
}
