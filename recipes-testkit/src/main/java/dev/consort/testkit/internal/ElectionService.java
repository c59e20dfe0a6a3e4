/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.CampaignRequest;
import io.etcd.jetcd.api.CampaignResponse;
import io.etcd.jetcd.api.ElectionGrpc;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.LeaderKey;
import io.etcd.jetcd.api.LeaderRequest;
import io.etcd.jetcd.api.LeaderResponse;
import io.etcd.jetcd.api.ProclaimRequest;
import io.etcd.jetcd.api.ProclaimResponse;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeRequest.SortOrder;
import io.etcd.jetcd.api.RangeRequest.SortTarget;
import io.etcd.jetcd.api.ResignRequest;
import io.etcd.jetcd.api.ResignResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** etcd's Election service (its {@code concurrency/election.go}). Threadsafe. */
final class ElectionService extends ElectionGrpc.ElectionImplBase {
    private final Member member;

    ElectionService(Member member) {
        this.member = member;
    }

    @Override
    public void campaign(CampaignRequest request, StreamObserver<CampaignResponse> client) {
        Candidacy candidacy = new Candidacy(client, request);
        member.core().run(candidacy::begin);
    }

    @Override
    public void proclaim(ProclaimRequest request, StreamObserver<ProclaimResponse> client) {
        member.answer(
                client,
                () -> withoutCodes(() -> {
                    LeaderKey leader = leader(request.hasLeader(), request.getLeader());
                    Caller caller = member.caller();
                    if (!proclaim(caller, leader.getKey(), leader.getRev(), leader.getLease(), request.getValue())) {
                        throw EtcdError.NOT_LEADER.failure();
                    }
                    return ProclaimResponse.newBuilder()
                            .setHeader(member.header())
                            .build();
                }));
    }

    @Override
    public void leader(LeaderRequest request, StreamObserver<LeaderResponse> client) {
        member.answer(
                client,
                () -> withoutCodes(() -> {
                    KeyValue leader = first(member.kv(), member.caller(), prefix(request.getName()));
                    if (leader == null) {
                        throw EtcdError.ELECTION_NO_LEADER.failure();
                    }
                    return LeaderResponse.newBuilder()
                            .setHeader(member.header())
                            .setKv(leader)
                            .build();
                }));
    }

    @Override
    public void observe(LeaderRequest request, StreamObserver<LeaderResponse> client) {
        LeaderObservation observation = new LeaderObservation(member, prefix(request.getName()), client);
        member.core().run(() -> observation.begin(member.caller()));
    }

    @Override
    public void resign(ResignRequest request, StreamObserver<ResignResponse> client) {
        member.answer(
                client,
                () -> withoutCodes(() -> {
                    LeaderKey leader = leader(request.hasLeader(), request.getLeader());
                    member.core().auth().checkDelete(member.caller(), leader.getKey(), ByteString.EMPTY);
                    new Claim(ByteString.EMPTY, leader.getKey(), leader.getLease(), leader.getRev(), null)
                            .delete(member);
                    return ResignResponse.newBuilder()
                            .setHeader(member.header())
                            .build();
                }));
    }

    private static LeaderKey leader(boolean given, LeaderKey leader) {
        if (!given) {
            throw EtcdError.MISSING_LEADER_KEY.failure();
        }
        if (leader.getKey().isEmpty()) {
            throw EtcdError.EMPTY_KEY.failure();
        }
        return leader;
    }

    /** False if the key is not what it was. */
    private boolean proclaim(Caller caller, ByteString key, long revision, long lease, ByteString value) {
        KeyValue now = member.kv().find(key);
        if (now == null || now.getCreateRevision() != revision) {
            return false;
        }
        var unused = member.kv()
                .put(
                        caller,
                        PutRequest.newBuilder()
                                .setKey(key)
                                .setValue(value)
                                .setLease(lease)
                                .build());
        return true;
    }

    static ByteString prefix(ByteString name) {
        return name.concat(ByteString.copyFromUtf8("/"));
    }

    /** The oldest key of an election: its leader. */
    static @Nullable KeyValue first(KvApplier kv, Caller caller, ByteString prefix) {
        ByteString end = KeyRange.prefix(prefix).end();
        List<KeyValue> first = kv.range(
                        caller,
                        RangeRequest.newBuilder()
                                .setKey(prefix)
                                .setRangeEnd(end == null ? ByteString.EMPTY : end)
                                .setSortTarget(SortTarget.CREATE)
                                .setSortOrder(SortOrder.ASCEND)
                                .setLimit(1)
                                .build())
                .getKvsList();
        return first.isEmpty() ? null : first.get(0);
    }

    private static <R> R withoutCodes(Supplier<R> action) {
        try {
            return action.get();
        } catch (StatusRuntimeException e) {
            throw EtcdError.withoutCode(e);
        }
    }

    /** One campaign that waits; confined to the server's lock but for {@link #cancel}. */
    private final class Candidacy {
        private final Outbox<CampaignResponse> outbox;
        private final CampaignRequest request;
        private @Nullable Claim claim;
        private @Nullable ResponseHeader header;
        private @Nullable PredecessorWait wait;
        private boolean ended;

        Candidacy(StreamObserver<CampaignResponse> client, CampaignRequest request) {
            this.outbox = new Outbox<>(client, this::cancel);
            this.request = request;
        }

        void begin() {
            try {
                Caller caller = member.caller();
                Claim made = Claim.make(member, caller, request.getName(), request.getLease(), request.getValue());
                claim = made;
                header = member.header();
                KeyValue existed = made.existed();
                if (existed != null && !existed.getValue().equals(request.getValue())) {
                    var unused = proclaim(caller, made.key(), made.revision(), made.lease(), request.getValue());
                }
                PredecessorWait waiting =
                        new PredecessorWait(member.core(), made.prefix(), made.revision() - 1, this::elected);
                wait = waiting;
                waiting.next();
            } catch (StatusRuntimeException e) {
                ended = true;
                outbox.fail(EtcdError.withoutCode(e));
                member.core().afterwards(outbox::flush);
            }
        }

        private void elected() {
            Claim mine = claim;
            if (ended || mine == null || header == null) {
                return;
            }
            ended = true;
            outbox.add(CampaignResponse.newBuilder()
                    .setHeader(header)
                    .setLeader(LeaderKey.newBuilder()
                            .setName(request.getName())
                            .setKey(mine.key())
                            .setRev(mine.revision())
                            .setLease(mine.lease()))
                    .build());
            outbox.end();
            member.core().afterwards(outbox::flush);
        }

        void cancel() {
            member.core().run(() -> {
                if (!ended) {
                    ended = true;
                    if (wait != null) {
                        wait.cancel();
                    }
                    if (claim != null) {
                        claim.delete(member);
                    }
                }
            });
        }
    }
}
