/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Codec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** How fast it is, beside the algorithm of etcd's Go package, in one run on one server. */
@Isolated("measures")
@Tag("long")
@Timeout(600)
class QueueSpeedIT {
    private static final int ROUNDS = 3;
    private static final Server server = Server.durable();

    private interface Offer {
        void offer(String item) throws Exception;
    }

    private interface Take {
        String take() throws Exception;
    }

    /** Each process has one of these. */
    private interface Kind {
        Offer offers(Peer by, String name);

        Take takes(Peer by, String name);
    }

    private static final Kind GO = new Kind() {
        @Override
        public Offer offers(Peer by, String name) {
            return new GoQueue(by.client, name)::enqueue;
        }

        @Override
        public Take takes(Peer by, String name) {
            return new GoQueue(by.client, name)::dequeue;
        }
    };

    private static final Kind OURS = new Kind() {
        @Override
        public Offer offers(Peer by, String name) {
            return DistributedQueue.create(by.session(), name, Codec.utf8())::offer;
        }

        @Override
        public Take takes(Peer by, String name) {
            return DistributedQueue.create(by.session(), name, Codec.utf8())::take;
        }
    };

    @Test
    void eightAndEight_tenTimesTheAlgorithmOfGo() throws Exception {
        compare(8, 2000, 10);
    }

    @Test
    void oneAndOne_twiceTheAlgorithmOfGo() throws Exception {
        compare(1, 2000, 2);
    }

    /** etcd is not compacted meanwhile, so it goes on knowing the items that were taken. */
    @Test
    void take_afterTwentyThousandItems_isAsFastAsFromANewQueue() throws Exception {
        Peer peer = server.peer(Duration.ofMinutes(1));
        try (peer) {
            DistributedQueue<String> used = DistributedQueue.create(peer.session(), Server.freshName(), Codec.utf8());
            for (int i = 0; i < 200; i++) {
                used.offerAll(Collections.nCopies(100, "an item"));
                for (int j = 0; j < 100; j++) {
                    used.take();
                }
            }
            DistributedQueue<String> unused = DistributedQueue.create(peer.session(), Server.freshName(), Codec.utf8());
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                ratios.add(throughOne(used, 500) / throughOne(unused, 500));
            }
            Collections.sort(ratios);
            System.out.println("QueueSpeedIT: after 20,000 items, beside a new queue: " + ratios);
            assertThat(ratios.get(ROUNDS / 2)).isGreaterThan(0.8);
        }
    }

    private static double throughOne(DistributedQueue<String> queue, int items) throws InterruptedException {
        long start = System.nanoTime();
        for (int i = 0; i < items; i++) {
            queue.offer("an item");
            queue.take();
        }
        return items * 1e9 / (System.nanoTime() - start);
    }

    /** Turn and turn about, so that both have the same machine. */
    private static void compare(int each, int items, int atLeast) throws Exception {
        List<Double> ratios = new ArrayList<>();
        perSecond(GO, each, 200);
        perSecond(OURS, each, items / 2);
        for (int i = 0; i < ROUNDS; i++) {
            double go = perSecond(GO, each, items);
            double ours = perSecond(OURS, each, items);
            ratios.add(ours / go);
            System.out.printf(
                    "%d producers, %d consumers: Go's algorithm %.0f/s, DistributedQueue %.0f/s, ratio %.1f%n",
                    each, each, go, ours, ours / go);
        }
        Collections.sort(ratios);
        assertThat(ratios.get(ROUNDS / 2)).isGreaterThan(atLeast);
    }

    private static double perSecond(Kind kind, int each, int items) throws Exception {
        String name = Server.freshName();
        List<Peer> peers = new ArrayList<>();
        try (Threads threads = new Threads()) {
            for (int i = 0; i < 2 * each; i++) {
                peers.add(server.peer());
                peers.get(i).session();
            }
            AtomicInteger left = new AtomicInteger(items);
            List<Future<Boolean>> ends = new ArrayList<>();
            long start = System.nanoTime();
            for (int i = 0; i < each; i++) {
                Offer offers = kind.offers(peers.get(i), name);
                Take takes = kind.takes(peers.get(each + i), name);
                int share = items / each; // of both
                ends.add(threads.start(() -> {
                    for (int k = 0; k < share; k++) {
                        offers.offer("item " + k);
                    }
                    return true;
                }));
                ends.add(threads.start(() -> {
                    for (int k = 0; k < share; k++) {
                        takes.take();
                        left.decrementAndGet();
                    }
                    return true;
                }));
            }
            for (Future<Boolean> end : ends) {
                assertThat(end.get(120, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(left.get()).isZero();
            return items * 1e9 / (System.nanoTime() - start);
        } finally {
            peers.forEach(Peer::close);
        }
    }

    /** As long as in one of ten: nothing is sorted, and nothing is read but the beginning. */
    @Test
    void takesFromAHundredThousand_takeAsLongAsFromTen() throws Exception {
        try (Peer peer = server.peer()) {
            DistributedQueue<String> few = filled(peer, 10);
            DistributedQueue<String> many = filled(peer, 100_000);
            List<Long> ofFew = new ArrayList<>();
            List<Long> ofMany = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                ofFew.add(nanosOfTake(few));
                ofMany.add(nanosOfTake(many));
            }
            Collections.sort(ofFew);
            Collections.sort(ofMany);
            System.out.printf(
                    "a take from 10 items %.2f ms, from 100,000 %.2f ms%n",
                    ofFew.get(200) / 1e6, ofMany.get(200) / 1e6);
            assertThat(ofMany.get(200)).isLessThan(ofFew.get(200) * 3 / 2);
        }
    }

    private static DistributedQueue<String> filled(Peer peer, int items) throws Exception {
        DistributedQueue<String> queue = DistributedQueue.create(peer.session(), Server.freshName(), Codec.utf8());
        List<String> batch = Collections.nCopies(Math.min(items, 100), "an item");
        for (int i = 0; i < items; i += batch.size()) {
            queue.offerAll(batch);
        }
        queue.offer(queue.take()); // it knows the beginning from now on
        return queue;
    }

    private static long nanosOfTake(DistributedQueue<String> queue) throws Exception {
        queue.offer("an item");
        long start = System.nanoTime();
        queue.take();
        return System.nanoTime() - start;
    }

    @Test
    void batchesOfAHundred_twentyTimesSingleOffers() throws Exception {
        try (Peer peer = server.peer()) {
            List<String> batch =
                    IntStream.range(0, 100).mapToObj(i -> "item " + i).toList();
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round <= ROUNDS; round++) {
                DistributedQueue<String> queue =
                        DistributedQueue.create(peer.session(), Server.freshName(), Codec.utf8());
                long start = System.nanoTime();
                for (int i = 0; i < 300; i++) {
                    queue.offer("item " + i);
                }
                double single = (System.nanoTime() - start) / 300.0;
                start = System.nanoTime();
                for (int i = 0; i < 100; i++) {
                    queue.offerAll(batch);
                }
                double batched = (System.nanoTime() - start) / 10_000.0;
                if (round > 0) {
                    ratios.add(single / batched);
                    System.out.printf(
                            "an item offered alone %.0f us, in a batch of 100 %.1f us, ratio %.1f%n",
                            single / 1e3, batched / 1e3, single / batched);
                }
            }
            Collections.sort(ratios);
            assertThat(ratios.get(ROUNDS / 2)).isGreaterThan(20);
        }
    }
}
