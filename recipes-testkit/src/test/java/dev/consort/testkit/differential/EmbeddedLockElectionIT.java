/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.api.CampaignRequest;
import io.etcd.jetcd.api.ElectionGrpc;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaderKey;
import io.etcd.jetcd.api.LeaderRequest;
import io.etcd.jetcd.api.LeaderResponse;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.ProclaimRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.ResignRequest;
import io.etcd.jetcd.api.lock.LockGrpc;
import io.etcd.jetcd.api.lock.LockRequest;
import io.etcd.jetcd.api.lock.UnlockRequest;
import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The services Lock and Election of an embedded etcd do and say what those of a real one do and say. */
@Timeout(60)
class EmbeddedLockElectionIT {
    private static final ByteString NAME = ByteString.copyFromUtf8("name");

    @SuppressWarnings("NullAway.Init") // by open
    private static EtcdProcess etcd;

    @SuppressWarnings("NullAway.Init") // by open
    private static EmbeddedEtcd embedded;

    @SuppressWarnings("NullAway.Init") // by open
    private static ExecutorService waiters;

    @BeforeAll
    static void open() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
        embedded = EmbeddedEtcd.start();
        waiters = Executors.newCachedThreadPool();
    }

    @AfterAll
    static void close() {
        waiters.shutdownNow();
        embedded.close();
        etcd.close();
    }

    /** What a play on each of them says must be the same, and is returned. */
    private static List<String> both(Function<Subject, List<String>> play) {
        List<List<String>> said = new ArrayList<>();
        for (String endpoint : List.of(etcd.endpoints().get(0), embedded.endpoint())) {
            try (Subject subject = new Subject(endpoint, endpoint)) {
                subject.begin();
                for (long id = 1; id <= Requests.LEASES; id++) {
                    assertThat(subject.call(
                                    LeaseGrpc.getLeaseGrantMethod(),
                                    LeaseGrantRequest.newBuilder()
                                            .setID(id)
                                            .setTTL(100)
                                            .build()))
                            .contains("TTL: 100");
                }
                said.add(play.apply(subject));
                subject.end();
            }
        }
        assertThat(said.get(1)).isEqualTo(said.get(0));
        return said.get(0);
    }

    private static String lock(Subject subject, long lease) {
        return subject.call(
                LockGrpc.getLockMethod(),
                LockRequest.newBuilder().setName(NAME).setLease(lease).build());
    }

    private static String unlock(Subject subject, long lease) {
        return subject.call(
                LockGrpc.getUnlockMethod(),
                UnlockRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8("name/" + lease))
                        .build());
    }

    private static String campaign(Subject subject, long lease, String value) {
        return subject.call(
                ElectionGrpc.getCampaignMethod(),
                CampaignRequest.newBuilder()
                        .setName(NAME)
                        .setLease(lease)
                        .setValue(ByteString.copyFromUtf8(value))
                        .build());
    }

    /** Asks in a thread of its own, and returns when its key is there. */
    private static CompletableFuture<String> waiting(Subject subject, long lease, Supplier<String> call) {
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(call, waiters);
        awaitKeys(subject, lease, 1);
        return answer;
    }

    private static void awaitKeys(Subject subject, long lease, int count) {
        Awaitility.await().until(() -> keys(subject, "name/" + lease).contains("count: 1") == (count == 1));
    }

    private static String keys(Subject subject, String key) {
        return subject.call(
                KVGrpc.getRangeMethod(),
                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build());
    }

    private static String get(CompletableFuture<String> answer) {
        return answer.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void lock_isHandedOverInOrder() {
        List<String> said = both(subject -> {
            List<String> answers = new ArrayList<>();
            answers.add(lock(subject, 1));
            answers.add(lock(subject, 1));
            var second = waiting(subject, 2, () -> lock(subject, 2));
            var third = waiting(subject, 3, () -> lock(subject, 3));
            assertThat(second).isNotDone();
            answers.add(unlock(subject, 1));
            answers.add(get(second));
            assertThat(third).isNotDone();
            answers.add(subject.call(
                    LeaseGrpc.getLeaseRevokeMethod(),
                    LeaseRevokeRequest.newBuilder().setID(2).build()));
            answers.add(get(third));
            answers.add(unlock(subject, 3));
            answers.add(unlock(subject, 3));
            return answers;
        });
        assertThat(said).hasSize(8).allMatch(answer -> answer.startsWith("header"));
    }

    @Test
    void lock_ofAWaiterThatGaveUpOrLostItsKey() {
        List<String> last = new ArrayList<>();
        both(subject -> {
            List<String> answers = new ArrayList<>();
            answers.add(lock(subject, 1));
            Context.CancellableContext context = Context.current().withCancellation();
            var second = waiting(subject, 2, () -> {
                try {
                    return context.call(() -> lock(subject, 2));
                } catch (Exception e) {
                    return e.toString();
                }
            });
            context.cancel(null);
            assertThat(get(second)).startsWith("CANCELLED");
            awaitKeys(subject, 2, 0);
            var third = waiting(subject, 3, () -> lock(subject, 3));
            answers.add(unlock(subject, 3));
            answers.add(unlock(subject, 1));
            last.add(get(third));
            return answers;
        });
        assertThat(last.get(1)).contains("session is expired");
        if (!etcd.version().startsWith("3.4.")) { // 3.4.23 grants what is not there any more
            assertThat(last.get(0)).isEqualTo(last.get(1));
        }
    }

    @Test
    void wrongRequests_areRefusedAlike() {
        LeaderKey gone = LeaderKey.newBuilder()
                .setName(NAME)
                .setKey(ByteString.copyFromUtf8("name/1"))
                .setRev(7)
                .setLease(1)
                .build();
        both(subject -> List.of(
                lock(subject, 99),
                campaign(subject, 99, "x"),
                subject.call(LockGrpc.getUnlockMethod(), UnlockRequest.getDefaultInstance()),
                subject.call(
                        ElectionGrpc.getLeaderMethod(),
                        LeaderRequest.newBuilder().setName(NAME).build()),
                subject.call(ElectionGrpc.getProclaimMethod(), ProclaimRequest.getDefaultInstance()),
                subject.call(ElectionGrpc.getResignMethod(), ResignRequest.getDefaultInstance()),
                subject.call(
                        ElectionGrpc.getProclaimMethod(),
                        ProclaimRequest.newBuilder().setLeader(gone).build()),
                subject.call(
                        ElectionGrpc.getResignMethod(),
                        ResignRequest.newBuilder().setLeader(gone).build())));
    }

    @Test
    void election_isWonProclaimedObservedAndResigned() {
        both(subject -> {
            List<String> answers = new ArrayList<>();
            BlockingQueue<String> observed = new LinkedBlockingQueue<>();
            observe(subject, observed);
            answers.add(campaign(subject, 1, "one"));
            answers.add(next(observed));
            var second = waiting(subject, 2, () -> campaign(subject, 2, "two"));
            long revision = revisionOf(subject, 1);
            LeaderKey first = LeaderKey.newBuilder()
                    .setName(NAME)
                    .setKey(ByteString.copyFromUtf8("name/1"))
                    .setLease(1)
                    .setRev(revision)
                    .build();
            answers.add(subject.call(
                    ElectionGrpc.getProclaimMethod(),
                    ProclaimRequest.newBuilder()
                            .setLeader(first)
                            .setValue(ByteString.copyFromUtf8("uno"))
                            .build()));
            answers.add(next(observed));
            answers.add(subject.call(
                    ElectionGrpc.getLeaderMethod(),
                    LeaderRequest.newBuilder().setName(NAME).build()));
            answers.add(campaign(subject, 1, "again"));
            answers.add(next(observed));
            answers.add(subject.call(
                    ElectionGrpc.getResignMethod(),
                    ResignRequest.newBuilder().setLeader(first).build()));
            answers.add(get(second));
            answers.add(next(observed));
            answers.add(subject.call(
                    LeaseGrpc.getLeaseRevokeMethod(),
                    LeaseRevokeRequest.newBuilder().setID(2).build()));
            answers.add(subject.call(
                    KVGrpc.getPutMethod(),
                    PutRequest.newBuilder()
                            .setKey(ByteString.copyFromUtf8("name/foreign"))
                            .build()));
            answers.add(next(observed));
            return answers;
        });
    }

    private static long revisionOf(Subject subject, long lease) {
        String key = keys(subject, "name/" + lease);
        return Long.parseLong(key.replaceAll("(?s).*create_revision: (\\d+).*", "$1"));
    }

    /** What an observer is told, but for the header, whose revision depends on when it looks. */
    private static void observe(Subject subject, BlockingQueue<String> observed) {
        long base = subject.base();
        ElectionGrpc.newStub(subject.channel())
                .observe(LeaderRequest.newBuilder().setName(NAME).build(), new StreamObserver<>() {
                    @Override
                    public void onNext(LeaderResponse response) {
                        observed.add(Relative.fromServer(response, base).getKv().toString());
                    }

                    @Override
                    public void onError(Throwable error) {
                        observed.add(error.toString());
                    }

                    @Override
                    public void onCompleted() {
                        observed.add("completed");
                    }
                });
    }

    private static String next(BlockingQueue<String> observed) {
        try {
            return String.valueOf(observed.poll(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
