/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.AlarmRequest;
import io.etcd.jetcd.api.HashRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EmbeddedEtcdIT {
    private final EmbeddedEtcd etcd = EmbeddedEtcd.builder().virtualClock().start();

    @SuppressWarnings("NullAway.Init") // by connect
    private Client client;

    @BeforeEach
    void connect() {
        client = Client.builder().endpoints(etcd.endpoint()).build();
    }

    @AfterEach
    void close() {
        client.close();
        etcd.close();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(10, TimeUnit.SECONDS).join();
    }

    private long put(String key, String value) {
        return get(client.getKVClient().put(bytes(key), bytes(value)))
                .getHeader()
                .getRevision();
    }

    private boolean exists(String key) {
        return get(client.getKVClient().get(bytes(key))).getCount() > 0;
    }

    private KVGrpc.KVBlockingStub stub() {
        return KVGrpc.newBlockingStub(etcd.channel());
    }

    @Test
    void put_thenGet_andTheLogKnows() {
        long revision = put("key", "value");

        assertThat(revision).isEqualTo(2).isEqualTo(etcd.revision());
        assertThat(get(client.getKVClient().get(bytes("key"))).getKvs())
                .singleElement()
                .satisfies(kv -> assertThat(kv.getValue()).isEqualTo(bytes("value")));
        assertThat(etcd.log()).singleElement().satisfies(commit -> {
            assertThat(commit.revision()).isEqualTo(2);
            assertThat(commit.changes())
                    .containsExactly(new Commit.Change(bytes("key"), false, bytes("value"), 2, 1, 0));
        });
    }

    @Test
    void channel_leadsToTheSameServer_withoutASocket() {
        put("key", "value");

        assertThat(stub().range(RangeRequest.newBuilder()
                                .setKey(ByteString.copyFromUtf8("key"))
                                .build())
                        .getCount())
                .isEqualTo(1);
        assertThat(etcd.channel()).isSameAs(etcd.channel());
    }

    @Test
    void lease_expires_whenTheClockIsAdvanced() {
        long lease = get(client.getLeaseClient().grant(5)).getID();
        get(client.getKVClient()
                .put(
                        bytes("a"),
                        bytes(""),
                        PutOption.builder().withLeaseId(lease).build()));
        get(client.getKVClient()
                .put(
                        bytes("b"),
                        bytes(""),
                        PutOption.builder().withLeaseId(lease).build()));

        etcd.advance(Duration.ofMillis(4_999));
        assertThat(exists("a")).isTrue();
        assertThat(etcd.leases()).containsExactly(lease);
        etcd.advance(Duration.ofMillis(1));

        assertThat(exists("a")).isFalse();
        assertThat(etcd.leases()).isEmpty();
        assertThat(etcd.log().get(2).changes()).extracting(Commit.Change::key).containsExactly(bytes("a"), bytes("b"));
    }

    @Test
    void lease_renewed_livesOn() {
        long lease = get(client.getLeaseClient().grant(5)).getID();
        etcd.advance(Duration.ofSeconds(3));
        assertThat(renew(lease)).isEqualTo(5);
        etcd.advance(Duration.ofSeconds(3));

        assertThat(etcd.leases()).containsExactly(lease);
        etcd.advance(Duration.ofSeconds(2));
        assertThat(etcd.leases()).isEmpty();
        assertThat(renew(lease)).isZero();
    }

    /** Once, while jetcd's client goes on for a while. */
    private long renew(long lease) {
        return renew(etcd, lease);
    }

    private static long renew(EmbeddedEtcd server, long lease) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        StreamObserver<LeaseKeepAliveRequest> stream = LeaseGrpc.newStub(server.channel())
                .leaseKeepAlive(new StreamObserver<>() {
                    private long ttl;

                    @Override
                    public void onNext(LeaseKeepAliveResponse response) {
                        ttl = response.getTTL();
                    }

                    @Override
                    public void onError(Throwable error) {
                        answer.completeExceptionally(error);
                    }

                    @Override
                    public void onCompleted() {
                        answer.complete(ttl);
                    }
                });
        stream.onNext(LeaseKeepAliveRequest.newBuilder().setID(lease).build());
        stream.onCompleted();
        return get(answer);
    }

    @Test
    void lease_shorterThanTheLeast_isRaised() {
        assertThat(get(client.getLeaseClient().grant(1)).getTTL()).isEqualTo(2);
        try (EmbeddedEtcd quick = EmbeddedEtcd.builder()
                        .electionTimeout(Duration.ofMillis(200))
                        .start();
                Client other = Client.builder().endpoints(quick.endpoint()).build()) {
            assertThat(get(other.getLeaseClient().grant(0)).getTTL()).isEqualTo(1);
        }
    }

    @Test
    void lease_onTheRealClock_expiresByItself() {
        try (EmbeddedEtcd real = EmbeddedEtcd.builder()
                        .electionTimeout(Duration.ofMillis(200))
                        .start();
                Client other = Client.builder().endpoints(real.endpoint()).build()) {
            get(other.getLeaseClient().grant(1));

            await().until(() -> real.leases().isEmpty());
        }
    }

    /** Leases are looked after every 500 ms; what has expired in between is there, and is not renewed. */
    @Test
    void lease_expiredAndNotYetRevoked_isNotRenewed() {
        try (EmbeddedEtcd real = EmbeddedEtcd.builder()
                        .electionTimeout(Duration.ofMillis(200))
                        .start();
                Client other = Client.builder().endpoints(real.endpoint()).build()) {
            long lease = get(other.getLeaseClient().grant(1)).getID();
            assertThat(renew(real, lease)).isEqualTo(1);
            long renewed = System.nanoTime();
            await().pollInterval(Duration.ofMillis(5))
                    .until(() -> System.nanoTime() - renewed > TimeUnit.SECONDS.toNanos(1));

            assertThat(renew(real, lease)).isZero();
        }
    }

    @Test
    void watch_isToldOfWholeRevisions_andOfProgress() throws InterruptedException {
        BlockingQueue<WatchResponse> told = new LinkedBlockingQueue<>();
        try (EmbeddedEtcd quick = EmbeddedEtcd.builder()
                        .progressNotifyInterval(Duration.ofMillis(100))
                        .start();
                Client other = Client.builder().endpoints(quick.endpoint()).build();
                var watcher = other.getWatchClient()
                        .watch(
                                bytes("k"),
                                WatchOption.builder()
                                        .isPrefix(true)
                                        .withProgressNotify(true)
                                        .withCreateNotify(true)
                                        .build(),
                                told::add)) {
            assertThat(told.take().isCreatedNotify()).isTrue();
            get(other.getKVClient()
                    .txn()
                    .Then(
                            io.etcd.jetcd.op.Op.put(bytes("k1"), bytes("1"), PutOption.DEFAULT),
                            io.etcd.jetcd.op.Op.put(bytes("k2"), bytes("2"), PutOption.DEFAULT))
                    .commit());

            WatchResponse first = told.take();
            while (first.getEvents().isEmpty()) {
                first = told.take();
            }
            assertThat(first.getEvents()).hasSize(2);
            WatchResponse idle = told.take();
            assertThat(idle.isProgressNotify()).isTrue();
            assertThat(idle.getHeader().getRevision()).isEqualTo(2);
            assertThat(watcher.isClosed()).isFalse();
        }
    }

    @Test
    void whatIsNotThere_answersUnimplemented() {
        assertThatThrownBy(() -> {
                    var unused = MaintenanceGrpc.newBlockingStub(etcd.channel()).hash(HashRequest.getDefaultInstance());
                })
                .satisfies(e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
    }

    @Test
    void request_beyondTheLimit_isRefusedInEtcdsWords() {
        ByteString key = ByteString.copyFromUtf8("key");

        assertThatThrownBy(() -> {
                    var unused = stub().put(PutRequest.newBuilder()
                            .setKey(key)
                            .setValue(ByteString.copyFrom(new byte[3 * 512 * 1024]))
                            .build());
                })
                .hasMessage("INVALID_ARGUMENT: etcdserver: request is too large");
        assertThatThrownBy(() -> {
                    var unused = stub().put(PutRequest.newBuilder()
                            .setKey(key)
                            .setValue(ByteString.copyFrom(new byte[3 * 1024 * 1024]))
                            .build());
                })
                .hasMessageMatching("RESOURCE_EXHAUSTED: grpc: received message larger than max"
                        + " \\(31457\\d\\d vs. 2097152\\)");
        assertThat(etcd.revision()).isEqualTo(1);
    }

    @Test
    void members_shareTheState_andNameThemselves() {
        try (EmbeddedEtcd three = EmbeddedEtcd.builder().members(3).start()) {
            assertThat(three.endpoints()).hasSize(3).doesNotHaveDuplicates();
            try (Client all = Client.builder()
                    .endpoints(three.endpoints().toArray(String[]::new))
                    .build()) {
                assertThat(get(all.getClusterClient().listMember()).getMembers())
                        .extracting(member -> member.getClientURIs().get(0).toString())
                        .containsExactlyElementsOf(three.endpoints());
            }
        }
    }

    @Test
    void status_saysWhoLeads_andWhatIsWrong() {
        MaintenanceGrpc.MaintenanceBlockingStub stub = MaintenanceGrpc.newBlockingStub(etcd.channel());
        try (EmbeddedFaults.Disruption full = etcd.faults().noSpace()) {
            var status = stub.status(StatusRequest.getDefaultInstance());

            assertThat(status.getLeader()).isEqualTo(status.getHeader().getMemberId());
            assertThat(status.getVersion()).startsWith("3.5.");
            assertThat(status.getErrorsList()).singleElement().asString().contains("NOSPACE");
            assertThat(full).isNotNull();
            assertThat(stub.alarm(AlarmRequest.getDefaultInstance()).getAlarmsCount())
                    .isEqualTo(1);
        }
        assertThat(stub.status(StatusRequest.getDefaultInstance()).getErrorsList())
                .isEmpty();
    }

    @Test
    void settings_outOfRange_areRefused() {
        EmbeddedEtcdBuilder builder = EmbeddedEtcd.builder();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.members(0))
                .withMessageContaining("0");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.electionTimeout(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.tokenTtl(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxTxnOps(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxRequestBytes(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.progressNotifyInterval(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> etcd.advance(Duration.ofSeconds(-1)));
    }
}
