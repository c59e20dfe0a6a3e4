/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.KVGrpc.KVBlockingStub;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseGrpc.LeaseBlockingStub;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What is in an etcd elsewhere, asked through its endpoints; one that does not answer is passed over. Threadsafe. */
final class RemoteContents implements EtcdContents {
    private static final ByteString ALL = ByteString.copyFrom(new byte[1]);
    private static final int NO_LIMIT = 256 * 1024 * 1024;
    private static final long ANSWER_SECONDS = 10;

    /** jetcd's classes lack this one: its messages are read by their field numbers. */
    private static final MethodDescriptor<Empty, Empty> LEASE_LEASES = MethodDescriptor.<Empty, Empty>newBuilder()
            .setType(MethodType.UNARY)
            .setFullMethodName(MethodDescriptor.generateFullMethodName(LeaseGrpc.SERVICE_NAME, "LeaseLeases"))
            .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
            .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
            .build();

    private static final int LEASES_FIELD = 2;
    private static final int ID_FIELD = 1;

    private final List<String> endpoints;
    private final boolean countsWatches;
    private final List<ManagedChannel> channels = new ArrayList<>();

    /**
     * Contents of a server.
     *
     * @param countsWatches whether to count the watches of whoever has some
     */
    RemoteContents(List<String> endpoints, boolean countsWatches) {
        this.endpoints = endpoints;
        this.countsWatches = countsWatches;
        for (String endpoint : endpoints) {
            channels.add(NettyChannelBuilder.forTarget(endpoint.replaceFirst("^http://", ""))
                    .usePlaintext()
                    .maxInboundMessageSize(NO_LIMIT)
                    .build());
        }
    }

    private <T> T ask(Function<Channel, T> question) {
        StatusRuntimeException last = null;
        for (ManagedChannel channel : channels) {
            try {
                return question.apply(channel);
            } catch (StatusRuntimeException e) {
                last = e;
            }
        }
        throw new EtcdProcessException("none of " + endpoints + " answers", last);
    }

    private static KVBlockingStub kv(Channel channel) {
        return KVGrpc.newBlockingStub(channel).withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    private static LeaseBlockingStub lease(Channel channel) {
        return LeaseGrpc.newBlockingStub(channel).withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public Map<ByteString, Long> keys() {
        RangeRequest all = RangeRequest.newBuilder()
                .setKey(ALL)
                .setRangeEnd(ALL)
                .setKeysOnly(true)
                .build();
        return ask(channel -> kv(channel).range(all)).getKvsList().stream()
                .collect(Collectors.toMap(KeyValue::getKey, KeyValue::getLease));
    }

    @Override
    public Set<Long> leases() {
        CallOptions bounded = CallOptions.DEFAULT.withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS);
        Empty answer = ask(
                channel -> ClientCalls.blockingUnaryCall(channel, LEASE_LEASES, bounded, Empty.getDefaultInstance()));
        return answer.getUnknownFields().getField(LEASES_FIELD).getLengthDelimitedList().stream()
                .map(RemoteContents::leaseId)
                .collect(Collectors.toSet());
    }

    private static long leaseId(ByteString status) {
        try {
            return UnknownFieldSet.parseFrom(status).getField(ID_FIELD).getVarintList().stream()
                    .reduce(0L, (first, last) -> last);
        } catch (InvalidProtocolBufferException e) {
            throw new EtcdProcessException("the list of leases cannot be read", e);
        }
    }

    @Override
    public List<String> watches() {
        int count = countsWatches
                ? endpoints.stream().mapToInt(RemoteContents::watchesOf).sum()
                : 0;
        return Collections.nCopies(count, "");
    }

    /* A member that is down has none. */
    private static int watchesOf(String endpoint) {
        try {
            return MemberProbe.watches(endpoint);
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public void remove(Collection<ByteString> keys, Collection<Long> leases) {
        for (long id : leases) {
            var unused = ask(channel -> revoke(channel, id));
        }
        for (ByteString key : keys) {
            DeleteRangeRequest one = DeleteRangeRequest.newBuilder().setKey(key).build();
            var unused = ask(channel -> kv(channel).deleteRange(one));
        }
    }

    private static boolean revoke(Channel channel, long id) {
        try {
            var unused = lease(channel)
                    .leaseRevoke(LeaseRevokeRequest.newBuilder().setID(id).build());
            return true;
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
                return false; // it expired meanwhile
            }
            throw e;
        }
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
    }
}
