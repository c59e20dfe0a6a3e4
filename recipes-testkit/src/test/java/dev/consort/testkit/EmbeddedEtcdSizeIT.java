/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a write costs among many keys and watches, as a ratio to its cost among a hundredth of them. If it grew with their
 * number, it would be near 100.
 */
@Timeout(60)
class EmbeddedEtcdSizeIT {
    private static final double MARGIN = 10;
    private static final int TXN_OPS = 100;
    private static final int ROUNDS = 5;
    private static final int WRITES = 100;

    @Test
    void write_costDoesNotGrowWithTheNumberOfKeys() {
        try (EmbeddedEtcd small = filled(1_000);
                EmbeddedEtcd large = filled(100_000)) {
            assertThat(ratio(write(large, 100_000), write(small, 1_000))).isLessThan(MARGIN);
            assertThat(large.log()).hasSize(100_000 / TXN_OPS + (ROUNDS + 1) * WRITES * 3);
        }
    }

    @Test
    void event_costGrowsWithTheWatchesThatMatchAlone() {
        try (EmbeddedEtcd small = filled(100);
                EmbeddedEtcd large = filled(100)) {
            Heard few = watch(small, 100);
            Heard many = watch(large, 10_000);

            assertThat(ratio(write(large, 50), write(small, 50))).isLessThan(MARGIN);

            // Each key of these has a watch of its own and one of a range around it.
            long expected = (ROUNDS + 1) * WRITES * 3 * 2L;
            await().untilAsserted(() -> assertThat(few.events).hasValue(expected));
            await().untilAsserted(() -> assertThat(many.events).hasValue(expected));
        }
    }

    private static EmbeddedEtcd filled(int keys) {
        EmbeddedEtcd etcd = EmbeddedEtcd.builder().virtualClock().start();
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(etcd.directChannel());
        for (int first = 0; first < keys; first += TXN_OPS) {
            TxnRequest.Builder txn = TxnRequest.newBuilder();
            for (int i = first; i < first + TXN_OPS; i++) {
                txn.addSuccess(RequestOp.newBuilder().setRequestPut(put(i)));
            }
            var unused = kv.txn(txn.build());
        }
        return etcd;
    }

    private static ByteString key(int number) {
        return ByteString.copyFromUtf8(String.format("key/%06d", number));
    }

    private static PutRequest put(int number) {
        return PutRequest.newBuilder().setKey(key(number)).build();
    }

    /** A put, a deletion, and a transaction that puts again, of one key among so many. */
    private static IntConsumer write(EmbeddedEtcd etcd, int keys) {
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(etcd.directChannel());
        return time -> {
            int number = (int) (time * 7919L % keys);
            var unusedPut = kv.put(put(number));
            var unusedDeletion = kv.deleteRange(
                    DeleteRangeRequest.newBuilder().setKey(key(number)).build());
            var unusedTxn = kv.txn(TxnRequest.newBuilder()
                    .addCompare(Compare.newBuilder()
                            .setKey(key(number))
                            .setTarget(Compare.CompareTarget.CREATE)
                            .setCreateRevision(0))
                    .addSuccess(RequestOp.newBuilder().setRequestPut(put(number)))
                    .build());
        };
    }

    /** Both in turns, after a round for the compiler; of each the quickest round counts. */
    private static double ratio(IntConsumer one, IntConsumer other) {
        long leastOfOne = Long.MAX_VALUE;
        long leastOfOther = Long.MAX_VALUE;
        for (int round = 0; round <= ROUNDS; round++) {
            long first = nanos(one, round);
            long second = nanos(other, round);
            if (round > 0) {
                leastOfOne = Math.min(leastOfOne, first);
                leastOfOther = Math.min(leastOfOther, second);
            }
        }
        double ratio = (double) leastOfOne / leastOfOther;
        System.out.printf("ratio = %.2f%n", ratio);
        return ratio;
    }

    private static long nanos(IntConsumer write, int round) {
        long begin = System.nanoTime();
        for (int i = 0; i < WRITES; i++) {
            write.accept(round * WRITES + i);
        }
        return System.nanoTime() - begin;
    }

    /** Counts what the watches of one stream are told. */
    private static final class Heard implements StreamObserver<WatchResponse> {
        private final AtomicLong created = new AtomicLong();
        private final AtomicLong events = new AtomicLong();

        @Override
        public void onNext(WatchResponse response) {
            created.addAndGet(response.getCreated() ? 1 : 0);
            events.addAndGet(response.getEventsCount());
        }

        @Override
        public void onError(Throwable error) {
            events.set(Long.MIN_VALUE);
        }

        @Override
        public void onCompleted() {}
    }

    /** Half of them watch a key each, the other half the range from it to the next one. */
    private static Heard watch(EmbeddedEtcd etcd, int watches) {
        Heard heard = new Heard();
        StreamObserver<WatchRequest> stream =
                WatchGrpc.newStub(etcd.directChannel()).watch(heard);
        for (int i = 0; i < watches / 2; i++) {
            WatchCreateRequest single =
                    WatchCreateRequest.newBuilder().setKey(key(i)).build();
            stream.onNext(WatchRequest.newBuilder().setCreateRequest(single).build());
            stream.onNext(WatchRequest.newBuilder()
                    .setCreateRequest(single.toBuilder().setRangeEnd(key(i + 1)))
                    .build());
        }
        await().untilAsserted(() -> assertThat(heard.created).hasValue(watches));
        return heard;
    }
}
