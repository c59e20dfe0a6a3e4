/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import java.util.Comparator;
import java.util.List;

/**
 * A claim in a queue, ours or a foreign client's.
 *
 * @param suffix its key without the queue's prefix; a {@link ClaimRule} reads it
 * @param revision its create revision, its place in the queue
 */
record QueuedClaim(ByteString suffix, long revision) {
    /** The claims of a range over a queue's prefix, in the order in which they are granted. */
    static List<QueuedClaim> inOrder(List<KeyValue> range, ByteString prefix) {
        return range.stream()
                .map(kv -> new QueuedClaim(kv.getKey().substring(prefix.size()), kv.getCreateRevision()))
                .sorted(Comparator.comparingLong(QueuedClaim::revision))
                .toList();
    }
}
