/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.offer;
import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.queue.Offering.Result;
import dev.consort.queue.Server.Item;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of the items that are offered, whatever server is behind them. */
abstract class OfferingContract {
    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final Offering mine = here.offering(name);
    private final Offering theirs = there.offering(name);

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
    }

    private static String[] numbers(int count) {
        return IntStream.range(0, count).mapToObj(String::valueOf).toArray(String[]::new);
    }

    private String tail() {
        return server.text(name + "/tail");
    }

    // Order

    @Test
    void offers_ofTwoConnections_areInTheOrderInWhichTheyWereMade() throws Exception {
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            assertThat(offer(i % 3 == 0 ? mine : theirs, "item " + i)).isEqualTo(Result.OFFERED);
            made.add("item " + i);
        }
        assertThat(server.values(name)).isEqualTo(made);
        assertThat(soon(mine.size())).isEqualTo(300);
        assertThat(server.items(name)).allMatch(item -> item.lease() == 0);
        assertThat(server.items(name).get(0).unique())
                .matches("[0-9]{13}-" + here.connection.id() + "-[0-9a-f]{8}-000");
    }

    @Test
    void byPriority_theLeastIsFirst_thenWhatWasMadeFirst() throws Exception {
        Offering one = here.offering(name, Orders.PRIORITY, 0);
        Offering other = there.offering(name, Orders.PRIORITY, 0);
        int[] priorities = {7, 65_535, 0, 7, 10, 0};
        for (int i = 0; i < priorities.length; i++) {
            offer(i % 2 == 0 ? one : other, priorities[i], null, i + "");
        }
        offer(one, 7, null, numbers(33));
        offer(other, 7, null, "last of 7");
        List<String> values = server.values(name);
        assertThat(values.subList(0, 4)).containsExactly("2", "5", "0", "3");
        assertThat(values.subList(4, 37)).containsExactly(numbers(33));
        assertThat(values.subList(37, 40)).containsExactly("last of 7", "4", "1");
        assertThat(tail()).isEqualTo("2 0");
    }

    @Test
    void byDueTime_theEarliestIsFirst_andThereIsNoTail() throws Exception {
        Offering due = here.offering(name, Orders.DUE, 0);
        server.put(name + "/tail", "not looked at");
        long now = 1_700_000_000_000L;
        offer(due, now + 5, null, "b", "c");
        offer(due, now + 40, null, "e");
        offer(due, 9_999_999_999_999_999L, null, "f");
        offer(due, now + 5, "id", "d");
        CallCounts before = here.log.counts();
        offer(due, 0, null, "a");
        assertThat(here.log.counts().since(before).unaryCalls()).isEqualTo(1);
        assertThat(offer(due, 0, "id", "x")).isEqualTo(Result.ALREADY_OFFERED);
        assertThat(server.values(name)).containsExactly("a", "b", "c", "d", "e", "f");
        assertThat(tail()).isEqualTo("not looked at");
    }

    @Test
    void batch_isOneCommit_andKeepsItsOrder() throws Exception {
        offer(mine, "before");
        long revision = server.revision();
        offer(theirs, numbers(100));
        assertThat(server.revision() - revision).isEqualTo(1);
        List<Item> items = server.items(name);
        assertThat(items.subList(1, 101)).allMatch(item -> item.created() == revision + 1);
        assertThat(items.stream().skip(1).map(Item::value)).containsExactly(numbers(100));
    }

    // Segments

    @Test
    void tail_movesOnAtABatchOf17() throws Exception {
        offer(mine, numbers(16));
        assertThat(tail()).isEqualTo("1 0");
        offer(mine, numbers(16));
        assertThat(tail()).isEqualTo("1 0");
        offer(mine, numbers(17));
        assertThat(tail()).isEqualTo("2 0");
        offer(mine, "after");
        assertThat(tail()).isEqualTo("2 0");
        assertThat(server.items(name).stream().filter(item -> item.order().equals(QueueLayout.segment(2))))
                .hasSize(18);
    }

    @Test
    void tail_movesOnAfter512Revisions() throws Exception {
        offer(mine, "first");
        long moved = server.get(name + "/tail").orElseThrow().getModRevision();
        while (server.revision() < moved + 510) {
            server.put(name + "-elsewhere", "");
        }
        offer(mine, "at 511");
        offer(mine, "at 512");
        assertThat(tail()).isEqualTo("1 0");
        offer(mine, "seen");
        assertThat(tail()).isEqualTo("2 0");
        assertThat(server.items(name).stream().map(Item::order))
                .containsExactly(
                        QueueLayout.segment(1), QueueLayout.segment(1), QueueLayout.segment(1), QueueLayout.segment(2));
    }

    @Test
    void racingOffers_areThereOnce_andNoSegmentOverlapsTheOneBefore() throws Exception {
        List<Future<List<String>>> offering = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int thread = i;
            Offering to = i % 2 == 0 ? mine : theirs;
            offering.add(threads.start(() -> {
                List<String> made = new ArrayList<>();
                for (int j = 0; j < 50; j++) {
                    String[] values = numbers(j % 10 == thread ? 33 : 1);
                    for (int k = 0; k < values.length; k++) {
                        values[k] = thread + "-" + j + "-" + k;
                    }
                    assertThat(offer(to, values)).isEqualTo(Result.OFFERED);
                    made.addAll(List.of(values));
                }
                return made;
            }));
        }
        List<Item> items = new ArrayList<>();
        List<String> made = new ArrayList<>();
        for (Future<List<String>> each : offering) {
            made.addAll(soon(each));
        }
        items.addAll(server.items(name));
        assertThat(items.stream().map(Item::value)).containsExactlyInAnyOrderElementsOf(made);
        assertThat(items.stream().map(Item::created).toList()).isSorted();
        for (int i = 1; i < items.size(); i++) {
            if (!items.get(i).order().equals(items.get(i - 1).order())) {
                assertThat(items.get(i).created())
                        .isGreaterThan(items.get(i - 1).created());
            }
        }
        assertThat(items.stream().map(Item::order).distinct().count())
                .isGreaterThanOrEqualTo(40); // one for each large batch
    }

    @Test
    void tailOfSomebodyElse_isRefusedNamingTheKey_andLeft() {
        server.put(name + "/tail", "mine!");
        for (Offering each : List.of(mine, here.offering(name, Orders.PRIORITY, 5))) {
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> offer(each, "a"))
                    .withCauseInstanceOf(RecipeException.class)
                    .withMessageContaining(name + "/tail")
                    .withMessageContaining("mine!");
        }
        assertThat(server.items(name)).isEmpty();
        assertThat(tail()).isEqualTo("mine!");
    }

    // Requests

    @Test
    void offer_isOneRequest_whileNobodyElseMovedTheTail() throws Exception {
        offer(mine, "the first of a connection");
        CallCounts before = here.log.counts();
        List<CompletableFuture<Result>> offering = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            offering.add(mine.offer(Party.bytes("all at once"), 0, null));
        }
        for (CompletableFuture<Result> each : offering) {
            assertThat(soon(each)).isEqualTo(Result.OFFERED);
        }
        assertThat(here.log.counts().since(before).unaryCalls()).isEqualTo(60);
        assertThat(tail()).isEqualTo("1 0");
        CallCounts alone = here.log.counts();
        for (int i = 0; i < 500; i++) { // its own moves cost none either
            offer(mine, "one by one");
        }
        assertThat(here.log.counts().since(alone).unaryCalls()).isEqualTo(500);
        assertThat(tail()).isEqualTo("2 0");
        offer(theirs, numbers(33));
        CallCounts moved = here.log.counts();
        offer(mine, "one who learns of it");
        offer(mine, "and knows it");
        assertThat(here.log.counts().since(moved).unaryCalls()).isEqualTo(3);
    }

    @Test
    void offer_refusedForLongerThanTheRequestTimeout_saysThatNothingWasOffered() throws Exception {
        offer(mine, "a");
        CallFault held = here.faults.next(Party.offersOf(name)).hold();
        CompletableFuture<Result> late = mine.offer(Party.bytes("late"), 0, null);
        assertThat(held.hit()).succeedsWithin(Duration.ofSeconds(10));
        offer(theirs, numbers(33));
        here.timing.jump(Duration.ofSeconds(6));
        held.release();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(late))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining(Party.RECIPE + " '" + name + "': nothing was offered")
                .withMessageContaining("5000 ms")
                .withMessageContaining("moved the tail");
        assertThat(server.values(name)).doesNotContain("late").hasSize(34);
    }

    // Bad input

    @Test
    void badValues_areRefusedBeforeAnythingIsSent() {
        ByteString largest = ByteString.copyFrom(new byte[131_072]);
        ByteString larger = ByteString.copyFrom(new byte[131_073]);
        ByteString small = ByteString.copyFrom(new byte[1]);
        CallCounts before = here.log.counts();
        assertRefused(mine, List.of(), 0, null, "batch of 0 items");
        assertRefused(mine, Collections.nCopies(101, small), 0, null, "batch of 101 items");
        assertRefused(mine, List.of(small, larger), 0, null, "item 1 of 2 has 131073 bytes");
        List<ByteString> tooMuch = new ArrayList<>(Collections.nCopies(8, largest));
        tooMuch.add(small);
        assertRefused(mine, tooMuch, 0, null, "1048577 bytes");
        assertRefused(here.offering(name, Orders.FIFO, 3), Collections.nCopies(4, small), 0, null, "capacity of 3");
        assertRefused(here.offering(name, Orders.PRIORITY, 0), List.of(small), -1, null, "priority -1 ");
        assertRefused(here.offering(name, Orders.PRIORITY, 0), List.of(small), 65_536, null, "priority 65536 ");
        assertRefused(here.offering(name, Orders.DUE, 0), List.of(small), -1, null, "due time -1 ");
        assertRefused(
                here.offering(name, Orders.DUE, 0), List.of(small), 10_000_000_000_000_000L, null, "10000000000000000");
        assertRefused(mine, List.of(small), 0, "", "id '' is empty");
        assertRefused(mine, List.of(small), 0, "a\0b", "NUL character at 1");
        assertRefused(mine, List.of(small), 0, "\ud800", "not valid Unicode");
        assertRefused(mine, List.of(small), 0, "\u00e9".repeat(256) + "x", "513 bytes");
        assertThat(here.log.counts().since(before).unaryCalls()).isZero();
    }

    private void assertRefused(Offering to, List<ByteString> values, long by, @Nullable String id, String why) {
        assertThatIllegalArgumentException()
                .as(why)
                .isThrownBy(() -> to.offer(values, by, id))
                .withMessageContaining(Party.RECIPE + " '" + name + "': ")
                .withMessageContaining(why);
    }

    @Test
    void largestValues_areTaken() throws Exception {
        ByteString largest = ByteString.copyFrom(new byte[131_072]);
        String id = "\u00e9".repeat(256);
        assertThat(soon(mine.offer(Collections.nCopies(8, largest), 0, id))).isEqualTo(Result.OFFERED);
        assertThat(soon(here.offering(name, Orders.FIFO, 0)
                        .offer(Collections.nCopies(100, ByteString.copyFrom(new byte[10_485])), 0, "a/b")))
                .isEqualTo(Result.OFFERED);
        assertThat(soon(mine.size())).isEqualTo(108);
        server.items(name).forEach(item -> server.delete(item.key()));
    }

    @Test
    void badSettings_areRefusedNamingThem() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> here.offering(name, Orders.FIFO, -1))
                .withMessageContaining(name)
                .withMessageContaining("capacity -1 ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> here.offering(name, Orders.DUE, 3))
                .withMessageContaining("capacity 3 ");
        for (Duration bad : List.of(Duration.ofMillis(999), Duration.ofDays(365).plusNanos(1))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> here.offering(name, Orders.FIFO, 0, bad))
                    .withMessageContaining("window " + bad + " ");
        }
    }
}
