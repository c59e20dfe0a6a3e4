/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;

/**
 * The layout of a claim queue, etcd's own: {@code <name>/<hex lease>}.
 *
 * @param name as the user knows it, without the namespace
 * @param prefix the queue's range in etcd, with the namespace
 * @param own this session's claim in it
 */
record QueueKeys(String name, ByteString prefix, ByteString own) {
    static QueueKeys of(EtcdConnection connection, String name, long lease) {
        ByteString prefix = connection.key(ByteString.copyFromUtf8(name + "/"));
        return new QueueKeys(name, prefix, prefix.concat(SessionKeys.hex(lease)));
    }

    ByteString key(QueuedClaim claim) {
        return prefix.concat(claim.suffix());
    }
}
