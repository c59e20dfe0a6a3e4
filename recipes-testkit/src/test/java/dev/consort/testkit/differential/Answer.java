/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import io.etcd.jetcd.api.LeaseTimeToLiveResponse;
import io.etcd.jetcd.api.MemberListResponse;
import io.etcd.jetcd.api.StatusResponse;

/** Answers without what two servers need not agree on. */
final class Answer {
    private Answer() {}

    static String readable(Message response, long authBase) {
        if (response instanceof LeaseTimeToLiveResponse lease) {
            return withoutClock(lease).toString();
        }
        if (response instanceof StatusResponse || response instanceof MemberListResponse) {
            return "answered";
        }
        return response instanceof Empty newer ? NewerCalls.readable(newer, authBase) : response.toString();
    }

    /** What is left of a TTL depends on the time, and the order of a lease's keys on nothing. */
    private static Message withoutClock(LeaseTimeToLiveResponse lease) {
        return lease.toBuilder()
                .setTTL(Long.signum(lease.getTTL()))
                .clearKeys()
                .addAllKeys(lease.getKeysList().stream()
                        .sorted(ByteString.unsignedLexicographicalComparator())
                        .toList())
                .build();
    }
}
