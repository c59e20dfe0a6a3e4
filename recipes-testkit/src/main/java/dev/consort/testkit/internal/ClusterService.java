/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.ClusterGrpc;
import io.etcd.jetcd.api.MemberListRequest;
import io.etcd.jetcd.api.MemberListResponse;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Supplier;

/** etcd's Cluster service: the members that there are, which cannot be changed. Threadsafe. */
final class ClusterService extends ClusterGrpc.ClusterImplBase {
    private final Member member;
    private final Supplier<List<io.etcd.jetcd.api.Member>> members;

    ClusterService(Member member, Supplier<List<io.etcd.jetcd.api.Member>> members) {
        this.member = member;
        this.members = members;
    }

    /** As in etcd, the header has no revision. */
    @Override
    public void memberList(MemberListRequest request, StreamObserver<MemberListResponse> client) {
        member.answer(client, () -> {
            member.core().auth().checkKnown(member.caller());
            return MemberListResponse.newBuilder()
                    .setHeader(member.header().toBuilder().clearRevision())
                    .addAllMembers(members.get())
                    .build();
        });
    }
}
