/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import org.jspecify.annotations.Nullable;

/**
 * A key as it was read.
 *
 * @param revision its mod revision; 0 if it did not exist
 * @param value null if it did not exist
 */
record Version(long revision, @Nullable ByteString value) {
    static final Version ABSENT = new Version(0, null);

    static Version of(KeyValue kv) {
        return new Version(kv.getModRevision(), kv.getValue());
    }

    /** What a read of one key found. */
    static Version of(RangeResponse answer) {
        return answer.getKvsCount() == 0 ? ABSENT : of(answer.getKvs(0));
    }
}
