/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import dev.consort.core.Connection;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.EtcdServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.options.PutOption;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** A server for tests, past the code under test: one of each kind for all of them, and one for those who count revisions. */
final class Server {
    private static final AtomicInteger names = new AtomicInteger();

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    private static final MethodDescriptor<Empty, Empty> LEASE_LEASES = MethodDescriptor.<Empty, Empty>newBuilder()
            .setType(MethodType.UNARY)
            .setFullMethodName(MethodDescriptor.generateFullMethodName(LeaseGrpc.SERVICE_NAME, "LeaseLeases"))
            .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
            .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
            .build();

    /** Each is started by the first that asks for it. */
    private static final class Real {
        static final Server SERVER =
                new Server(EtcdProcess.builder().unsafeNoFsync().start());
    }

    private static final class Embedded {
        static final EmbeddedEtcd ETCD = EmbeddedEtcd.start();
        static final Server SERVER = new Server(ETCD);
    }

    private static final class CountedReal {
        static final Server SERVER =
                new Server(EtcdProcess.builder().unsafeNoFsync().start());
    }

    private static final class CountedEmbedded {
        static final Server SERVER = new Server(EmbeddedEtcd.start());
    }

    private final EtcdServer etcd;
    private final Client client;
    private final Channel channel;

    private Server(EtcdServer etcd) {
        this.etcd = etcd;
        this.client = Client.builder()
                .endpoints(etcd.endpoints().toArray(new String[0]))
                .build();
        this.channel = ManagedChannelBuilder.forTarget(etcd.endpoints().get(0).replaceFirst("^http://", ""))
                .usePlaintext()
                .build();
        // The first connection of a JVM loads classes for longer than it may take on a busy machine.
        Connection.to(etcd.endpoints().get(0))
                .connectTimeout(Duration.ofSeconds(30))
                .open()
                .close();
    }

    static Server real() {
        return Real.SERVER;
    }

    static Server embedded() {
        return Embedded.SERVER;
    }

    /**
     * A real one whose revisions are counted. Only for isolated classes that leave no lease behind: one of another test
     * that expired, or was revoked late, would be a revision more.
     */
    static Server counted() {
        return CountedReal.SERVER;
    }

    /** An embedded one whose revisions are counted, for the same classes. */
    static Server countedEmbedded() {
        return CountedEmbedded.SERVER;
    }

    static EmbeddedEtcd embeddedEtcd() {
        return Embedded.ETCD;
    }

    List<String> endpoints() {
        return etcd.endpoints();
    }

    Party join() {
        return join(Duration.ofSeconds(10));
    }

    Party join(Duration ttl) {
        return new Party(etcd.endpoints(), ttl);
    }

    /** One whose operations may take longer, and that has no session. */
    Party joinPatiently() {
        return Party.patient(etcd.endpoints());
    }

    /** A name that no other test uses, nor nests with. */
    static String freshName() {
        return "value-" + names.incrementAndGet();
    }

    long revision() {
        return answer(client.getKVClient().get(bytes("no such key")))
                .getHeader()
                .getRevision();
    }

    Optional<KeyValue> get(String key) {
        return answer(client.getKVClient().get(bytes(key))).getKvs().stream().findFirst();
    }

    /** The value of a key, or "absent". */
    String text(String key) {
        return get(key).map(kv -> kv.getValue().toString(UTF_8)).orElse("absent");
    }

    long put(String key, String value) {
        return answer(client.getKVClient().put(bytes(key), bytes(value)))
                .getHeader()
                .getRevision();
    }

    long put(String key, String value, long lease) {
        return answer(client.getKVClient()
                        .put(
                                bytes(key),
                                bytes(value),
                                PutOption.builder().withLeaseId(lease).build()))
                .getHeader()
                .getRevision();
    }

    long delete(String key) {
        return answer(client.getKVClient().delete(bytes(key))).getHeader().getRevision();
    }

    void compact() {
        answer(client.getKVClient().compact(revision()));
    }

    /** The ids of all leases. jetcd's classes lack this call: its answer is read by the numbers of its fields. */
    List<Long> leases() {
        Empty answer =
                ClientCalls.blockingUnaryCall(channel, LEASE_LEASES, CallOptions.DEFAULT, Empty.getDefaultInstance());
        return answer.getUnknownFields().getField(2).getLengthDelimitedList().stream()
                .map(Server::idOf)
                .toList();
    }

    /** Ends what a test has left behind: closing waits for a revocation only so long, and a late one would be counted. */
    void endLeases() {
        leases().forEach(this::revokeIfThere);
    }

    private static long idOf(ByteString status) {
        try {
            return UnknownFieldSet.parseFrom(status).getField(1).getVarintList().get(0);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    /** At once, where the server has a clock to be moved on. */
    void passTime(Duration time) {
        if (etcd instanceof EmbeddedEtcd embedded) {
            embedded.advance(time);
        }
    }

    /** One that may be gone. */
    void revokeIfThere(long lease) {
        client.getLeaseClient().revoke(lease).handle((done, gone) -> true).join();
    }

    void revoke(long lease) {
        answer(client.getLeaseClient().revoke(lease));
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    static <T> T answer(CompletableFuture<T> call) {
        return call.orTimeout(10, TimeUnit.SECONDS).join();
    }
}
