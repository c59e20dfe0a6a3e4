/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of a queue by priority, whatever server is behind it. */
abstract class DistributedPriorityQueueContract {
    private final Server server = server();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final DistributedPriorityQueue<String> mine = queue(here);
    private final DistributedPriorityQueue<String> theirs = queue(there);

    abstract Server server();

    private DistributedPriorityQueue<String> queue(Peer of) {
        return DistributedPriorityQueue.create(of.session(), name, Codec.utf8());
    }

    @AfterEach
    void leave() {
        threads.close();
        here.close();
        there.close();
    }

    private static List<String> drained(DistributedPriorityQueue<String> queue) throws InterruptedException {
        List<String> all = new ArrayList<>();
        for (Optional<String> next = queue.poll(Duration.ZERO); next.isPresent(); next = queue.poll(Duration.ZERO)) {
            all.add(next.get());
        }
        return all;
    }

    @Test
    void items_areTakenByPriority_andThenInTheOrderOfTheirOffers() throws Exception {
        Random random = new Random(1);
        record Offer(int priority, int number) {}
        List<Offer> offers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int priority = random.nextInt(4) * 21_845; // from the first to the last
            offers.add(new Offer(priority, i));
            (i % 3 == 0 ? mine : theirs).offer(priority + " " + i, priority);
        }
        assertThat(mine.size()).isEqualTo(100);
        assertThat(mine.peek()).isEqualTo(theirs.peek()).isPresent();
        List<String> taken = drained(mine);
        assertThat(taken)
                .isEqualTo(offers.stream()
                        .sorted(Comparator.comparingInt(Offer::priority))
                        .map(offer -> offer.priority() + " " + offer.number())
                        .toList());
    }

    @Test
    void item_ofALesserPriority_isTakenFirst_thoughItCameLater() throws Exception {
        mine.offerAll(List.of("b", "c"), 7);
        assertThat(mine.take()).isEqualTo("b");
        theirs.offer("a", 6);
        assertThat(mine.take()).isEqualTo("a");
        assertThat(mine.take()).isEqualTo("c");
    }

    /** Beyond what is read at once, too. */
    @Test
    void item_ofALesserPriority_isTakenFirst_alsoBeforeALongBacklog() throws Exception {
        List<String> numbers = IntStream.range(0, 400).mapToObj(String::valueOf).toList();
        for (int i = 0; i < 400; i += 100) {
            mine.offerAll(numbers.subList(i, i + 100), 10 + i / 200);
        }
        assertThat(mine.take()).isEqualTo("0");
        theirs.offer("late", 11);
        theirs.offer("last", 12);
        theirs.offer("urgent", 0);
        assertThat(mine.take()).isEqualTo("urgent");
        List<String> expected = new ArrayList<>(numbers.subList(1, 400));
        expected.add("late");
        expected.add("last");
        assertThat(drained(mine)).isEqualTo(expected);
    }

    @Test
    void takers_areServedAsTheyCome() throws Exception {
        Future<String> first = threads.start(mine::take);
        server.awaitWaiting(name, 1);
        CompletableFuture<String> second = theirs.takeAsync();
        server.awaitWaiting(name, 2);
        theirs.offerAll(List.of("a", "b"), 3);
        assertThat(soon(first)).isEqualTo("a");
        assertThat(soon(second)).isEqualTo("b");
        assertThat(mine.poll(Duration.ofMillis(20))).isEmpty();
    }

    @Test
    void putBack_isTheFirstOfItsPriority() throws Exception {
        CompletableFuture<String> first = mine.takeAsync();
        server.awaitWaiting(name, 1);
        var held = here.faults.next(LineRequests.takesOf(name)).hold();
        theirs.offerAll(List.of("b", "c"), 5);
        soon(held.hit());
        first.cancel(false);
        held.release();
        await().until(() ->
                server.items(name).stream().anyMatch(item -> item.order().contains("!")));
        theirs.offer("a", 4);
        theirs.offer("d", 5);
        assertThat(theirs.peek()).contains("a");
        assertThat(drained(theirs)).containsExactly("a", "b", "c", "d");
    }

    @Test
    void offerOnce_isOnce() throws Exception {
        assertThat(mine.offerOnce("id", "a", 2)).isTrue();
        assertThat(theirs.offerOnce("id", "b", 1)).isFalse();
        soon(mine.offerAsync("c", 0));
        assertThat(drained(theirs)).containsExactly("c", "a");
    }

    @Test
    void badInput_isRefusedAtOnce_sayingWhatItWas() {
        for (int bad : new int[] {-1, 65_536, Integer.MIN_VALUE}) {
            for (ThrowingCallable call : Stream.<ThrowingCallable>of(
                            () -> mine.offer("a", bad),
                            () -> mine.offerAll(List.of("a"), bad),
                            () -> mine.offerOnce("id", "a", bad),
                            () -> mine.offerAsync("a", bad).join())
                    .toList()) {
                assertThatIllegalArgumentException()
                        .isThrownBy(call)
                        .withMessageContaining(name)
                        .withMessageContaining("priority " + bad);
            }
        }
        assertThatIllegalArgumentException().isThrownBy(() -> mine.offerAll(List.of(), 1));
        assertThatIllegalArgumentException().isThrownBy(() -> mine.offer("x".repeat(131_073), 1));
        assertThatIllegalArgumentException().isThrownBy(() -> mine.offerOnce("", "a", 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DistributedPriorityQueue.create(here.session(), "a//b", Codec.utf8()))
                .withMessageContaining("a//b");
        assertThat(server.keys(name)).isEmpty();
    }

    @Test
    @SuppressWarnings({"NullAway", "DataFlowIssue"}) // what a caller without checks may give
    void null_isRefusedAtOnce() {
        assertThatNullPointerException().isThrownBy(() -> mine.offer(null, 1));
        assertThatNullPointerException().isThrownBy(() -> mine.offerAll(null, 1));
        assertThatNullPointerException().isThrownBy(() -> mine.offerAsync(null, 1));
        assertThatNullPointerException().isThrownBy(() -> mine.offerOnce(null, "a", 1));
        assertThatNullPointerException().isThrownBy(() -> mine.poll(null));
        assertThat(server.keys(name)).isEmpty();
    }

    @Test
    void toString_saysWhatItIs() {
        assertThat(mine.toString()).contains("DistributedPriorityQueue").contains(name);
        assertThat(mine.name()).isEqualTo(name);
        assertThat(mine.deadLetters().size()).isZero();
    }
}
