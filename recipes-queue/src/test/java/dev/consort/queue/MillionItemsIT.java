/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Codec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** What stays of the items that have gone: nothing, neither in etcd nor in the processes. */
@Isolated("measures the heap")
@Tag("long")
@Timeout(1800)
class MillionItemsIT {
    private static final int ITEMS = 1_000_000;
    private static final int PARTS = 10;
    private static final int BATCH = 100;
    private static final int BATCHES_AHEAD = 10;

    private final Server server = Server.durable();
    private final String name = Server.freshName();
    private int taken;

    /** What is there when the queue is empty. */
    private record Rest(int keys, long heap, long database) {}

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void millionItems_leaveNothing() throws Exception {
        List<Rest> rests = new ArrayList<>();
        try (Peer producer = server.peer();
                Peer consumer = server.peer()) {
            DistributedQueue<String> in = DistributedQueue.create(producer.session(), name, Codec.utf8());
            DistributedQueue<String> out = DistributedQueue.create(consumer.session(), name, Codec.utf8());
            for (int part = 0; part < PARTS; part++) {
                long start = System.nanoTime();
                pass(in, out, ITEMS / PARTS);
                double perSecond = ITEMS / PARTS * 1e9 / (System.nanoTime() - start);
                assertThat(in.size()).isZero();
                rests.add(new Rest(server.keys(name).size(), usedHeap(), server.databaseSize()));
                System.out.printf("%,d items, %,.0f a second: %s%n", taken, perSecond, rests.get(part));
            }
        }
        Rest first = rests.get(0);
        assertThat(rests).allSatisfy(rest -> {
            assertThat(rest.keys()).isLessThanOrEqualTo(first.keys());
            assertThat(rest.heap()).isLessThan(first.heap() + 2_000_000);
            assertThat(rest.database()).isLessThan(first.database() + 100_000);
        });
    }

    /** The consumer asks ahead, and is given all in their order. */
    private void pass(DistributedQueue<String> in, DistributedQueue<String> out, int items) throws Exception {
        Deque<CompletableFuture<String>> asked = new ArrayDeque<>();
        for (int i = 0; i < items; i += BATCH) {
            int from = taken + asked.size();
            assertThat(in.offerAll(IntStream.range(from, from + BATCH)
                            .mapToObj(number -> "item " + number)
                            .toList()))
                    .isTrue();
            for (int k = 0; k < BATCH; k++) {
                asked.add(out.takeAsync());
            }
            takeAllBut(asked, BATCH * BATCHES_AHEAD);
        }
        takeAllBut(asked, 0);
    }

    private void takeAllBut(Deque<CompletableFuture<String>> asked, int left) throws Exception {
        while (asked.size() > left) {
            assertThat(asked.remove().get(60, TimeUnit.SECONDS)).isEqualTo("item " + taken);
            taken++;
        }
    }
}
