/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.OutcomeUnknownException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An item that comes just as its taker gives up is neither lost nor taken twice. */
class F21_ItemMeetsTimeoutIT {
    private static final int RACES = 200;
    private static final List<String> ALL =
            IntStream.range(0, RACES).mapToObj(String::valueOf).toList();

    private final Server server = Server.embedded();
    private final Peer here = server.peer(Duration.ofMinutes(5));
    private final Peer there = server.peer(Duration.ofMinutes(5));
    private final String name = Server.freshName();
    private final DistributedQueue<String> mine = DistributedQueue.create(here.session(), name, Codec.utf8());
    private final DistributedQueue<String> theirs = DistributedQueue.create(there.session(), name, Codec.utf8());
    private final Random random = new Random(21);
    private final List<String> taken = new ArrayList<>();
    private int ended;

    @AfterEach
    void leave() {
        here.close();
        there.close();
    }

    /** What was taken, and what is there, is all. */
    private void assertNothingLost() {
        assertThat(taken.size()).isPositive();
        assertThat(ended).isPositive();
        server.awaitWaiting(name, 0);
        await().untilAsserted(() -> {
            List<String> found = new ArrayList<>(taken);
            found.addAll(server.values(name));
            assertThat(found).containsExactlyInAnyOrderElementsOf(ALL);
        });
    }

    /** As far as a request takes. */
    private void moment() {
        if (random.nextInt(3) > 0) {
            server.revision();
        }
    }

    @Test
    void timeout_asAnItemComes_losesNothing() throws Exception {
        for (String item : ALL) {
            CompletableFuture<Boolean> offered = theirs.offerAsync(item);
            try {
                mine.poll(Duration.ofNanos(random.nextInt(1_500_000))).ifPresentOrElse(taken::add, () -> ended++);
            } catch (OutcomeUnknownException slow) { // it is put back, before the others
                ended++;
            }
            assertThat(offered.get(10, TimeUnit.SECONDS)).isTrue();
        }
        assertNothingLost();
    }

    @Test
    void cancel_asAnItemComes_losesNothing() throws Exception {
        for (String item : ALL) {
            CompletableFuture<String> waiting = mine.takeAsync();
            CompletableFuture<Boolean> offered = theirs.offerAsync(item);
            moment();
            if (!waiting.cancel(false) || !waiting.isCancelled()) {
                taken.add(waiting.join());
            } else {
                ended++;
            }
            assertThat(offered.get(10, TimeUnit.SECONDS)).isTrue();
        }
        assertNothingLost();
    }

    @Test
    void completedBySomebodyElse_asAnItemComes_losesNothing() throws Exception {
        for (String item : ALL) {
            CompletableFuture<String> waiting = mine.takeAsync();
            CompletableFuture<Boolean> offered = theirs.offerAsync(item);
            moment();
            if (waiting.complete("nobody's")) {
                ended++;
            } else {
                taken.add(waiting.join());
            }
            assertThat(offered.get(10, TimeUnit.SECONDS)).isTrue();
        }
        assertNothingLost();
    }

    @Test
    void interrupt_asAnItemComes_losesNothing() throws Exception {
        for (String item : ALL) {
            Thread taker = Thread.currentThread();
            CompletableFuture<Boolean> offered = theirs.offerAsync(item);
            CompletableFuture<Void> interrupted = CompletableFuture.runAsync(() -> {
                moment();
                taker.interrupt();
            });
            try {
                taken.add(mine.take());
            } catch (InterruptedException e) {
                ended++;
            }
            interrupted.join();
            boolean flag = Thread.interrupted();
            assertThat(flag || ended > 0).isTrue();
            assertThat(offered.get(10, TimeUnit.SECONDS)).isTrue();
        }
        assertNothingLost();
    }
}
