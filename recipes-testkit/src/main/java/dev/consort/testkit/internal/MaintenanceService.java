/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.AlarmMember;
import io.etcd.jetcd.api.AlarmRequest;
import io.etcd.jetcd.api.AlarmRequest.AlarmAction;
import io.etcd.jetcd.api.AlarmResponse;
import io.etcd.jetcd.api.AlarmType;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import io.grpc.stub.StreamObserver;
import java.util.List;

/** Of etcd's Maintenance service what needs no files: status and alarms. Threadsafe. */
final class MaintenanceService extends MaintenanceGrpc.MaintenanceImplBase {
    /** What a new etcd says of its database; ours has none. */
    private static final long DATABASE_BYTES = 20_480;

    private final Member member;
    private final List<Long> memberIds;

    MaintenanceService(Member member, List<Long> memberIds) {
        this.member = member;
        this.memberIds = memberIds;
    }

    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> client) {
        member.answer(client, () -> {
            ServerCore core = member.core();
            core.auth().checkAdmin(member.caller());
            StatusResponse.Builder response = StatusResponse.newBuilder()
                    .setHeader(member.header())
                    .setVersion(core.settings().version())
                    .setDbSize(DATABASE_BYTES)
                    .setDbSizeInUse(DATABASE_BYTES)
                    .setRaftIndex(core.index())
                    .setRaftAppliedIndex(core.index())
                    .setRaftTerm(core.term())
                    .setLeader(memberIds.get(core.leader()));
            core.noSpace()
                    .forEach(id -> response.addErrors("memberID:" + Long.toUnsignedString(id) + " alarm:NOSPACE "));
            return response.build();
        });
    }

    @Override
    public void alarm(AlarmRequest request, StreamObserver<AlarmResponse> client) {
        member.answer(client, () -> {
            ServerCore core = member.core();
            if (request.getAction() == AlarmAction.GET) {
                core.auth().checkKnown(member.caller());
            } else {
                core.auth().checkAdmin(member.caller());
            }
            core.countRequest();
            AlarmResponse.Builder response = AlarmResponse.newBuilder().setHeader(member.header());
            if (request.getAlarm() != AlarmType.UNRECOGNIZED) {
                switch (request.getAction()) {
                    case GET -> core.noSpace().forEach(id -> response.addAlarms(alarm(id)));
                    case ACTIVATE -> {
                        if (request.getAlarm() == AlarmType.NOSPACE) {
                            core.noSpace().add(request.getMemberID());
                            response.addAlarms(alarm(request.getMemberID()));
                        }
                    }
                    case DEACTIVATE -> {
                        if (request.getAlarm() == AlarmType.NOSPACE
                                && core.noSpace().remove(request.getMemberID())) {
                            response.addAlarms(alarm(request.getMemberID()));
                        }
                    }
                    case UNRECOGNIZED -> {}
                }
            }
            return response.build();
        });
    }

    private static AlarmMember alarm(long id) {
        return AlarmMember.newBuilder()
                .setMemberID(id)
                .setAlarm(AlarmType.NOSPACE)
                .build();
    }
}
