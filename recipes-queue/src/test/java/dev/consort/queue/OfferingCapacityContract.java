/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.offer;
import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.RecipeException;
import dev.consort.queue.Offering.Result;
import dev.consort.queue.Server.Item;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of queues that may hold so many items, whatever server is behind them. */
abstract class OfferingCapacityContract {
    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
    }

    private void take(int count) {
        server.items(name).stream().limit(count).forEach(item -> server.delete(item.key()));
    }

    @Test
    void fullQueue_takesNothing_untilThereIsRoomForAll() throws Exception {
        Offering mine = here.offering(name, Orders.FIFO, 10);
        Offering theirs = there.offering(name, Orders.FIFO, 10);
        for (int i = 0; i < 4; i++) {
            assertThat(offer(i % 2 == 0 ? mine : theirs, "a", "b")).isEqualTo(Result.OFFERED);
        }
        assertThat(offer(theirs, 0, "id", "c")).isEqualTo(Result.OFFERED);
        assertThat(offer(mine, "d", "e")).isEqualTo(Result.FULL);
        assertThat(offer(mine, "d")).isEqualTo(Result.OFFERED);
        assertThat(offer(mine, "x")).isEqualTo(Result.FULL);
        assertThat(offer(theirs, "x")).isEqualTo(Result.FULL);
        assertThat(offer(mine, 0, "id", "x")).isEqualTo(Result.ALREADY_OFFERED);
        assertThat(server.values(name)).containsExactly("a", "b", "a", "b", "a", "b", "a", "b", "c", "d");
        take(3);
        assertThat(offer(theirs, "e", "f", "g", "h")).isEqualTo(Result.FULL);
        assertThat(offer(theirs, "e", "f", "g")).isEqualTo(Result.OFFERED);
        assertThat(offer(mine, "x")).isEqualTo(Result.FULL);
        assertThat(soon(mine.size())).isEqualTo(10);
        take(10);
        assertThat(offer(mine, "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"))
                .isEqualTo(Result.OFFERED);
        assertThat(server.text(name + "/tail")).isEqualTo("23 10");
    }

    /** Reconstructed from the revisions of all that came and went. */
    @Test
    void racingOffers_neverExceedTheCapacity() throws Exception {
        int capacity = 25;
        AtomicBoolean over = new AtomicBoolean();
        TreeMap<Long, Integer> changes = new TreeMap<>(); // of the one who takes
        Future<Boolean> taking = threads.start(() -> {
            while (!over.get()) {
                List<Item> items = server.items(name);
                for (Item item : items.subList(0, Math.min(4, items.size()))) {
                    changes.merge(item.created(), 1, Integer::sum);
                    changes.merge(server.delete(item.key()), -1, Integer::sum);
                }
            }
            return true;
        });
        List<Future<int[]>> offering = new ArrayList<>();
        Offering mine = here.offering(name, Orders.PRIORITY, capacity);
        Offering theirs = there.offering(name, Orders.PRIORITY, capacity);
        for (int i = 0; i < 8; i++) {
            Offering to = i % 2 == 0 ? mine : theirs;
            int priority = i;
            offering.add(threads.start(() -> {
                int[] offered = new int[2];
                for (int j = 0; j < 30; j++) {
                    String[] values = new String[1 + j % 3];
                    Arrays.fill(values, "v");
                    boolean full = offer(to, priority, null, values) == Result.FULL;
                    offered[full ? 1 : 0] += values.length;
                }
                return offered;
            }));
        }
        int offered = 0;
        int refused = 0;
        for (Future<int[]> each : offering) {
            offered += soon(each)[0];
            refused += soon(each)[1];
        }
        over.set(true);
        assertThat(soon(taking)).isTrue();
        server.items(name).forEach(item -> changes.merge(item.created(), 1, Integer::sum));
        int count = 0;
        int most = 0;
        for (int change : changes.values()) {
            count += change;
            most = Math.max(most, count);
        }
        assertThat(most).isEqualTo(capacity);
        assertThat(refused).isPositive();
        assertThat(offered)
                .isEqualTo(Integer.parseInt(server.text(name + "/tail").split(" ", -1)[0]));
        assertThat(count).isEqualTo(server.items(name).size());
    }

    /** They do not refuse each other: each that finds room is one request, and each that does not. */
    @Test
    void offersOfOneProcess_takeTurns() throws Exception {
        Offering mine = here.offering(name, Orders.FIFO, 150);
        offer(here.offering(name + "-other"), "the first of a connection");
        CallCounts before = here.log.counts();
        List<CompletableFuture<Result>> offering = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            offering.add(mine.offer(Party.bytes("v"), 0, null));
        }
        List<Result> results = new ArrayList<>();
        for (CompletableFuture<Result> each : offering) {
            results.add(soon(each));
        }
        assertThat(results.subList(0, 150)).containsOnly(Result.OFFERED);
        assertThat(results.subList(150, 200)).containsOnly(Result.FULL);
        assertThat(here.log.counts().since(before).unaryCalls()).isEqualTo(1 + 200);
    }

    @Test
    void turnThatComesTooLate_isNotTaken() throws Exception {
        Offering mine = here.offering(name, Orders.FIFO, 5);
        offer(mine, "a");
        CallFault held = here.faults.next(Party.offersOf(name)).hold();
        CompletableFuture<Result> first = mine.offer(Party.bytes("first"), 0, null);
        assertThat(held.hit()).succeedsWithin(Duration.ofSeconds(10)); // it has its turn
        CompletableFuture<Result> second = mine.offer(Party.bytes("second"), 0, null);
        here.timing.jump(Duration.ofSeconds(6));
        CompletableFuture<Result> third = mine.offer(Party.bytes("third"), 0, null);
        held.release();
        assertThat(soon(first)).isEqualTo(Result.OFFERED);
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(second))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining(name)
                .withMessageContaining("nothing was offered")
                .withMessageContaining("other offers of this process");
        assertThat(soon(third)).isEqualTo(Result.OFFERED);
        assertThat(server.values(name)).containsExactly("a", "first", "third");
    }

    @Test
    void anotherCapacity_isRefusedSayingBoth_untilItIsChanged() throws Exception {
        offer(here.offering(name, Orders.FIFO, 5), "a", "b");
        Offering larger = there.offering(name, Orders.FIFO, 7);
        assertMismatch(larger, "its capacity is 5, not 7");
        assertMismatch(larger, "put '3 7' at the key '" + name + "/tail'");
        assertMismatch(there.offering(name), "its capacity is 5, not 0");
        offer(here.offering(name + "-free"), "a");
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> offer(there.offering(name + "-free", Orders.FIFO, 7), "x"))
                .withMessageContaining("its capacity is 0, not 7");
        server.put(name + "/tail", "3 7");
        assertThat(offer(larger, "c", "d", "e", "f", "g")).isEqualTo(Result.OFFERED);
        assertThat(offer(larger, "x")).isEqualTo(Result.FULL);
        assertThat(server.values(name)).containsExactly("a", "b", "c", "d", "e", "f", "g");
    }

    private void assertMismatch(Offering other, String what) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> offer(other, "x"))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining(Party.RECIPE + " '" + name + "'")
                .withMessageContaining(what);
        assertThat(server.values(name)).containsExactly("a", "b");
    }
}
