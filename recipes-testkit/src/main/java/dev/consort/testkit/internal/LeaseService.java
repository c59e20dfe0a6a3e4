/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrantResponse;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.LeaseRevokeResponse;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;

/** etcd's Lease service; the list of leases, which jetcd's does not have, is in {@link NewerMethods}. Threadsafe. */
final class LeaseService extends LeaseGrpc.LeaseImplBase {
    private final Member member;

    LeaseService(Member member) {
        this.member = member;
    }

    private Lessor lessor() {
        return member.core().lessor();
    }

    @Override
    public void leaseGrant(LeaseGrantRequest request, StreamObserver<LeaseGrantResponse> client) {
        member.answer(client, () -> {
            member.core().auth().checkKnown(member.caller());
            member.checkLogged(request);
            member.kv().checkSpace(1);
            Lessor.Lease lease = lessor().grant(
                            request.getID(),
                            request.getTTL(),
                            member.core().store().revision());
            return LeaseGrantResponse.newBuilder()
                    .setHeader(member.header())
                    .setID(lease.id())
                    .setTTL(lease.ttl())
                    .build();
        });
    }

    @Override
    public void leaseRevoke(LeaseRevokeRequest request, StreamObserver<LeaseRevokeResponse> client) {
        member.answer(client, () -> {
            Caller caller = member.caller();
            member.core().auth().checkKnown(caller);
            member.checkLogged(request);
            member.core().auth().checkLeaseKeys(caller, lessor().find(request.getID()));
            member.core().revoke(lessor().get(request.getID()));
            return LeaseRevokeResponse.newBuilder().setHeader(member.header()).build();
        });
    }

    @Override
    public void leaseTimeToLive(LeaseTimeToLiveRequest request, StreamObserver<LeaseTimeToLiveResponse> client) {
        member.answer(client, () -> {
            Caller caller = member.caller();
            member.core().auth().checkKnown(caller);
            LeaseTimeToLiveResponse.Builder response = LeaseTimeToLiveResponse.newBuilder()
                    .setHeader(member.header())
                    .setID(request.getID());
            Lessor.Lease lease = lessor().find(request.getID());
            if (request.getKeys()) {
                member.core().auth().checkLeaseReadable(caller, lease);
            }
            if (lease == null) {
                return response.setTTL(-1).build();
            }
            if (request.getKeys()) {
                response.addAllKeys(lease.keys());
            }
            return response.setTTL(lessor().remainingSeconds(lease))
                    .setGrantedTTL(lease.ttl())
                    .build();
        });
    }

    @Override
    public StreamObserver<LeaseKeepAliveRequest> leaseKeepAlive(StreamObserver<LeaseKeepAliveResponse> client) {
        Outbox<LeaseKeepAliveResponse> outbox = new Outbox<>(client, () -> {});
        return new StreamObserver<>() {
            @Override
            public void onNext(LeaseKeepAliveRequest request) {
                try {
                    member.core().run(() -> outbox.add(renew(request.getID())));
                } catch (StatusRuntimeException e) {
                    outbox.fail(e);
                }
                outbox.flush();
            }

            @Override
            public void onError(Throwable broken) {}

            @Override
            public void onCompleted() {
                outbox.end();
                outbox.flush();
            }
        };
    }

    /** A TTL of 0 says that there is no such lease. One that has expired is not renewed, though it may be there still. */
    private LeaseKeepAliveResponse renew(long id) {
        LeaseKeepAliveResponse.Builder response =
                LeaseKeepAliveResponse.newBuilder().setHeader(member.header()).setID(id);
        Caller caller = member.caller();
        Lessor.Lease lease = lessor().find(id);
        if (member.core().auth().isEnabled()) {
            member.core().auth().checkKnown(caller);
            member.core().auth().checkLeaseKeys(caller, lease);
        }
        if (lease == null) {
            return response.build();
        }
        if (lessor().isExpired(lease)) {
            member.core().revoke(lease);
            return response.build();
        }
        lessor().renew(lease);
        return response.setTTL(lease.ttl()).build();
    }
}
