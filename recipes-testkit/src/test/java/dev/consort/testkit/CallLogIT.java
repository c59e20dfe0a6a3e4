/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.support.CloseableClient;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CallLogIT {
    private static final Duration SOON = Duration.ofSeconds(5);
    private static final String WATCH = "Watch/Watch";

    private static EtcdProcess etcd;

    private final CallLog log = CallLog.create();
    private final CallFaults faults = CallFaults.create();
    private Client client;
    private ByteSequence key;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().shortElection().start();
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    @BeforeEach
    void open(TestInfo test) {
        client = Client.builder()
                .endpoints(etcd.endpoints().toArray(String[]::new))
                .interceptor(faults)
                .interceptor(log)
                .build();
        key = ByteSequence.from(test.getDisplayName(), StandardCharsets.UTF_8);
    }

    @AfterEach
    void close() {
        client.close();
    }

    private void put() {
        assertThat(client.getKVClient().put(key, key)).succeedsWithin(SOON);
    }

    @Test
    void unaryCalls_areCountedByMethod() {
        put();
        put();
        assertThat(client.getKVClient().get(key)).succeedsWithin(SOON);
        faults.loseNextRequest(CallMatcher.method("KV/Put"));
        assertThat(client.getKVClient().put(key, key)).failsWithin(SOON).withThrowableOfType(ExecutionException.class);
        // A future completes with the answer, the call a moment later with its status.
        await().untilAsserted(() -> assertThat(log.counts().unaryCallsOpen()).isZero());
        CallCounts counts = log.counts();
        assertThat(counts.unaryCalls("KV/Put")).isEqualTo(3);
        assertThat(counts.unaryCalls("etcdserverpb.KV/Put")).isEqualTo(3);
        assertThat(counts.unaryFailures("KV/Put")).isEqualTo(1);
        assertThat(counts.unaryCalls("KV/Range")).isEqualTo(1);
        assertThat(counts.unaryCalls("KV/Txn")).isZero();
        assertThat(counts.unaryCalls()).isEqualTo(4);
        assertThat(counts.toString()).contains("KV/Put calls=3 failed=1");
    }

    @Test
    void unaryCallsOpen_countsTheOnesInFlight() {
        CallFault held = faults.next(CallMatcher.method("KV/Put")).hold();
        CompletableFuture<?> put = client.getKVClient().put(key, key);
        assertThat(held.hit()).succeedsWithin(SOON);
        log.reset();
        assertThat(log.counts().unaryCallsOpen()).isEqualTo(1);
        assertThat(log.counts().unaryCalls()).isZero();
        held.release();
        assertThat(put).succeedsWithin(SOON);
        // A future completes with the answer, the call a moment later with its status.
        await().untilAsserted(() -> assertThat(log.counts().unaryCallsOpen()).isZero());
    }

    @Test
    void since_countsTheDifference() {
        put();
        CallCounts before = log.counts();
        put();
        put();
        assertThat(log.counts().since(before).unaryCalls("KV/Put")).isEqualTo(2);
        assertThat(log.counts().unaryCalls("KV/Put")).isEqualTo(3);
        log.reset();
        put();
        assertThat(log.counts().unaryCalls("KV/Put")).isEqualTo(1);
    }

    @Test
    void streamsAndWatches_areCounted() {
        CompletableFuture<Void> seen = new CompletableFuture<>();
        Watcher first = client.getWatchClient().watch(key, response -> seen.complete(null));
        await().until(() -> log.counts().watchesOpen() == 1);
        put();
        assertThat(seen).succeedsWithin(SOON);
        CallCounts counts = log.counts();
        assertThat(counts.streamsOpen(WATCH)).isEqualTo(1);
        assertThat(counts.streamsOpened(WATCH)).isEqualTo(1);
        assertThat(counts.watchCreates()).isEqualTo(1);
        assertThat(counts.watchEvents()).isEqualTo(1);
        assertThat(counts.messagesSent(WATCH)).isEqualTo(1);
        assertThat(counts.messagesReceived(WATCH)).isEqualTo(2);
        assertThat(counts.streams(WATCH))
                .singleElement()
                .satisfies(stream -> assertThat(stream.open()).isTrue());

        log.reset();
        Watcher second = client.getWatchClient().watch(key, response -> {});
        await().until(() -> log.counts().watchesOpen() == 2);

        CallCounts later = log.counts();
        assertThat(later.streamsOpen(WATCH)).isEqualTo(2);
        assertThat(later.streamsOpened(WATCH)).isEqualTo(1);
        assertThat(later.watchCreates()).isEqualTo(1);
        assertThat(later.messagesReceived(WATCH)).isEqualTo(1);
        first.close();
        second.close();
        await().until(() -> log.counts().streamsOpen(WATCH) == 0);
        assertThat(log.counts().watchesOpen()).isZero();
    }

    @Test
    void keepAlives_areMessagesOfOneStream() {
        long lease = client.getLeaseClient()
                .grant(5)
                .orTimeout(5, TimeUnit.SECONDS)
                .join()
                .getID();
        CloseableClient keeping = client.getLeaseClient().keepAlive(lease, new StreamObserver<>() {
            @Override
            public void onNext(LeaseKeepAliveResponse value) {}

            @Override
            public void onError(Throwable error) {}

            @Override
            public void onCompleted() {}
        });
        await().until(() -> log.counts().messagesReceived("Lease/LeaseKeepAlive") >= 2);
        assertThat(log.counts().messagesSent("Lease/LeaseKeepAlive")).isGreaterThanOrEqualTo(2);
        assertThat(log.counts().streamsOpened("Lease/LeaseKeepAlive")).isEqualTo(1);
        keeping.close();
    }

    @Test
    void method_withoutService_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> log.counts().unaryCalls("Put"));
    }
}
