/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * Elsewhere the first item is found by sorting all: the longer the queue, the dearer each take. Here it is counted; the time is
 * measured by {@link QueueSpeedIT}.
 */
class F35_HeadCostIT {
    private static final int TAKES = 100;

    private final Server server = Server.real();
    private final Peer peer = server.peer(Duration.ofMinutes(1));

    @AfterEach
    void leave() {
        peer.close();
    }

    /** What takes cost. */
    private record Cost(double requests, double bytes, long openingBytes) {}

    private static void fill(DistributedQueue<String> queue, int items) throws Exception {
        List<String> batch = Collections.nCopies(Math.min(items, 100), "an item");
        Deque<CompletableFuture<Boolean>> underWay = new ArrayDeque<>();
        for (int i = 0; i < items; i += batch.size()) {
            underWay.add(queue.offerAllAsync(batch));
            if (underWay.size() > 16) {
                assertThat(underWay.remove().get(20, TimeUnit.SECONDS)).isTrue();
            }
        }
        for (CompletableFuture<Boolean> each : underWay) {
            assertThat(each.get(20, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(queue.size()).isEqualTo(items);
    }

    private Cost cost(DistributedQueue<String> queue, int backlog) throws Exception {
        fill(queue, backlog);
        long before = peer.tally.bytes.sum();
        for (int i = 0; i < 10; i++) {
            queue.take(); // the first ones read the window, and find that it is alone
            queue.offer("an item");
        }
        long opening = peer.tally.bytes.sum() - before;
        before = peer.tally.bytes.sum();
        CallCounts counts = peer.log.counts();
        for (int i = 0; i < TAKES; i++) {
            queue.offer("an item");
            queue.take();
        }
        return new Cost(
                (double) peer.log.counts().since(counts).unaryCalls() / TAKES,
                (double) (peer.tally.bytes.sum() - before) / TAKES,
                opening);
    }

    @Test
    void take_fromAHundredThousand_costsAsMuchAsFromTen() throws Exception {
        var few = DistributedQueue.create(peer.session(), Server.freshName(), Codec.utf8());
        var many = DistributedQueue.create(peer.session(), Server.freshName(), Codec.utf8());
        cost(few, 10); // warms up
        Cost cheap = cost(DistributedQueue.create(peer.session(), Server.freshName(), Codec.utf8()), 10);
        Cost dear = cost(many, 100_000);
        System.out.println("F35_HeadCostIT: of 10 " + cheap + ", of 100,000 " + dear);
        assertThat(cheap.requests()).isBetween(2.0, 2.2); // with the offer
        // 100 takes of a long backlog read on at times: 2 pages, if each has 100 items more than it should
        assertThat(dear.requests()).isBetween(2.0, 2.1);
        assertThat(dear.bytes()).isLessThan(cheap.bytes() * 2);
        assertThat(dear.openingBytes()).isLessThan(100_000);
    }

    /** What etcd compares in ranges if all goes well, with where they begin. */
    private static Stream<String> rangesCompared(TxnRequest txn) {
        return Stream.concat(
                txn.getCompareList().stream()
                        .filter(compare -> !compare.getRangeEnd().isEmpty())
                        .map(compare -> compare.getKey().toStringUtf8()),
                txn.getSuccessList().stream()
                        .filter(RequestOp::hasRequestTxn)
                        .flatMap(op -> rangesCompared(op.getRequestTxn())));
    }

    private List<String> rangesOfItemsCompared(String name, Executable work) throws Throwable {
        List<String> ranges = new CopyOnWriteArrayList<>();
        CallFault none = peer.faults
                .every(CallMatcher.method("KV/Txn").when(TxnRequest.class, txn -> {
                    rangesCompared(txn)
                            .filter(from -> from.startsWith(name + "/q/i/"))
                            .forEach(ranges::add);
                    return false;
                }))
                .loseRequest();
        work.execute();
        none.stop();
        return ranges;
    }

    /** etcd goes through each item of a range, also through those that were taken since it was compacted: a million, perhaps. */
    @Test
    void take_comparesNoItemsThatWereTaken() throws Throwable {
        String name = Server.freshName();
        DistributedQueue<String> queue = DistributedQueue.create(peer.session(), name, Codec.utf8());
        assertThat(queue.poll()).isEmpty();
        for (int i = 0; i < 20; i++) {
            queue.offerAll(Collections.nCopies(20, "an item")); // each in a segment of its own
        }
        List<String> taking = rangesOfItemsCompared(name, () -> {
            for (int i = 0; i < 20 * 20; i++) {
                queue.take();
            }
        });
        assertThat(taking).isEmpty();
        List<String> looking =
                rangesOfItemsCompared(name, () -> assertThat(queue.poll()).isEmpty());
        assertThat(looking).containsExactly(name + "/q/i/" + QueueLayout.segment(20));
    }

    @Test
    void takeByPriority_comparesNoItemsThatWereTaken() throws Throwable {
        String name = Server.freshName();
        var queue = DistributedPriorityQueue.create(peer.session(), name, Codec.utf8());
        for (int i = 0; i < 50; i++) {
            queue.offer("an item", i % 3);
        }
        List<String> ranges = rangesOfItemsCompared(name, () -> {
            for (int i = 0; i < 50; i++) {
                queue.take();
            }
            assertThat(queue.poll(Duration.ZERO)).isEmpty();
        });
        assertThat(ranges).isEmpty();
    }

    @Test
    void manyWaiters_areOneWatch() throws Exception {
        String name = Server.freshName();
        CallCounts before = peer.log.counts();
        List<CompletableFuture<String>> takes = Stream.generate(
                        () -> DistributedQueue.create(peer.session(), name, Codec.utf8())
                                .takeAsync())
                .limit(500)
                .toList();
        await().until(() -> server.waiting(name) > 0);
        CallCounts cost = peer.log.counts().since(before);
        // that of the session's mailbox may be new too
        assertThat(cost.watchCreates()).isLessThanOrEqualTo(2);
        assertThat(cost.unaryCalls("KV/Txn")).isLessThanOrEqualTo(5);
        assertThat(server.keys(name + "/q/w/")).hasSize(1);
        before = peer.log.counts();
        DistributedQueue<String> queue = DistributedQueue.create(peer.session(), name, Codec.utf8());
        for (int i = 0; i < 5; i++) {
            queue.offerAll(Collections.nCopies(100, "an item"));
        }
        for (CompletableFuture<String> take : takes) {
            assertThat(take.get(10, TimeUnit.SECONDS)).isEqualTo("an item");
        }
        assertThat(peer.log.counts().since(before).unaryCalls("KV/Txn")).isLessThanOrEqualTo(5 + 500 / 32 + 10);
        assertThat(peer.log.counts().since(before).watchCreates()).isZero();
    }
}
