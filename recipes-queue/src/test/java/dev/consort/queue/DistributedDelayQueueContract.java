/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of a queue by delay, whatever server is behind it. */
abstract class DistributedDelayQueueContract {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Instant PAST = Instant.EPOCH.plusSeconds(1_000_000);

    private final Server server = server();
    private final OffsetTiming clock = new OffsetTiming(Duration.ZERO);
    private final Peer here = server.peer(clock);
    private final Peer there = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final DistributedDelayQueue<String> mine = queue(here);
    private final DistributedDelayQueue<String> theirs = queue(there);

    abstract Server server();

    private DistributedDelayQueue<String> queue(Peer of) {
        return DistributedDelayQueue.create(of.session(), name, Codec.utf8());
    }

    @AfterEach
    void leave() {
        threads.close();
        here.close();
        there.close();
        clock.close();
    }

    private static List<String> drained(DistributedDelayQueue<String> queue) throws InterruptedException {
        List<String> all = new ArrayList<>();
        for (Optional<String> next = queue.poll(Duration.ZERO); next.isPresent(); next = queue.poll(Duration.ZERO)) {
            all.add(next.get());
        }
        return all;
    }

    @Test
    void items_areTakenInTheOrderOfTheirTimes() throws Exception {
        int[] seconds = {5, 3, 9, 3, 0, 5};
        for (int i = 0; i < seconds.length; i++) {
            (i % 2 == 0 ? mine : theirs).offerAt(i + "", PAST.plusSeconds(seconds[i]));
        }
        theirs.offerAll(List.of("due now", "and this"), Duration.ZERO);
        assertThat(theirs.peek()).contains("4");
        assertThat(drained(mine)).containsExactly("4", "1", "3", "0", "5", "2", "due now", "and this");
    }

    @Test
    void backlog_ofTwoPages_isTakenInOrder() throws Exception {
        List<String> numbers = IntStream.range(0, 400).mapToObj(String::valueOf).toList();
        for (int i = 300; i >= 0; i -= 100) {
            clock.set(Duration.ofSeconds(i - 1_000));
            mine.offerAll(numbers.subList(i, i + 100), Duration.ZERO);
        }
        clock.set(Duration.ZERO);
        assertThat(drained(mine)).isEqualTo(numbers);
    }

    @Test
    void item_isNotTakenBeforeItsTime() throws Exception {
        Duration delay = Duration.ofSeconds(1);
        long start = System.nanoTime();
        mine.offer("a", delay);
        assertThat(mine.peek()).isEmpty();
        assertThat(mine.size()).isEqualTo(1);
        assertThat(mine.poll(Duration.ZERO)).isEmpty();
        assertThat(mine.poll(Duration.ofMillis(20))).isEmpty();
        assertThat(mine.take()).isEqualTo("a");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(delay, delay.plusSeconds(2));
    }

    /** Who waits for a later item wakes for an earlier one. */
    @Test
    void item_dueSooner_isTakenInItsTime_thoughAnotherOneWasWaitedFor() throws Exception {
        mine.offer("in an hour", HOUR);
        Future<String> taken = threads.start(mine::take);
        Future<String> other = threads.start(theirs::take);
        server.awaitWaiting(name, 2);
        long start = System.nanoTime();
        mine.offer("b", Duration.ofMillis(400));
        mine.offer("a", Duration.ofMillis(150));
        assertThat(List.of(soon(taken), soon(other))).containsExactlyInAnyOrder("a", "b");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        assertThat(mine.size()).isEqualTo(1);
    }

    /** However far that is. */
    @Test
    void item_dueInTheYear9999_isWaitedFor() throws Exception {
        mine.offerAt("far", Instant.parse("9999-12-31T23:59:59Z"));
        Future<String> taken = threads.start(mine::take);
        server.awaitWaiting(name, 1);
        assertThat(theirs.poll(Duration.ofMillis(20))).isEmpty();
        theirs.offer("a", Duration.ofMillis(50));
        assertThat(soon(taken)).isEqualTo("a");
        assertThat(clock.longest()).isLessThanOrEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void items_dueOneAfterAnother_areTakenAsTheyBecomeDue() throws Exception {
        List<CompletableFuture<String>> takes = List.of(mine.takeAsync(), mine.takeAsync(), mine.takeAsync());
        await().until(() -> server.waiting(name) > 0);
        for (int i = 3; i > 0; i--) {
            theirs.offer(i + "", Duration.ofMillis(100L * i));
        }
        for (int i = 0; i < 3; i++) {
            assertThat(soon(takes.get(i))).isEqualTo((i + 1) + "");
        }
    }

    // Clocks

    /** As its own clock says; it is neither lost nor taken twice. */
    @Test
    void clocks_thatDiffer_neitherLoseNorDouble() throws Exception {
        clock.set(HOUR); // that of mine is fast
        for (int i = 0; i < 30; i++) {
            theirs.offer(i + "", i % 2 == 0 ? Duration.ZERO : Duration.ofMinutes(30));
        }
        List<String> taken = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            theirs.poll(Duration.ZERO).ifPresent(taken::add);
        }
        assertThat(taken).containsExactly("0", "2", "4", "6", "8");
        Future<List<String>> others = threads.start(() -> drained(theirs));
        taken.addAll(drained(mine));
        taken.addAll(soon(others));
        taken.addAll(drained(mine));
        assertThat(taken)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 30).mapToObj(String::valueOf).toList());
    }

    @Test
    void clock_ofTheOneWhoOffers_isSlow_itemIsDueAtOnce() throws Exception {
        clock.set(HOUR.negated());
        mine.offer("a", Duration.ofMinutes(30));
        assertThat(mine.poll(Duration.ZERO)).isEmpty();
        assertThat(theirs.poll(Duration.ZERO)).contains("a");
    }

    @Test
    void clock_setBackAndOn_losesNothing() throws Exception {
        mine.offer("a", Duration.ZERO);
        clock.set(HOUR.negated());
        assertThat(mine.poll(Duration.ZERO)).isEmpty();
        CompletableFuture<String> waiting = mine.takeAsync();
        mine.offer("b", Duration.ofMillis(50));
        assertThat(soon(waiting)).isEqualTo("b");
        clock.set(Duration.ZERO);
        assertThat(mine.poll(Duration.ZERO)).contains("a");
    }

    @Test
    void putBack_isDueWhenItWas() throws Exception {
        CompletableFuture<String> first = mine.takeAsync();
        server.awaitWaiting(name, 1);
        var held = here.faults.next(LineRequests.takesOf(name)).hold();
        theirs.offerAt("b", PAST);
        soon(held.hit());
        first.cancel(false);
        held.release();
        await().until(() ->
                server.items(name).stream().anyMatch(item -> item.order().contains("!")));
        theirs.offerAt("c", PAST);
        theirs.offerAt("a", PAST.minusSeconds(1));
        assertThat(theirs.peek()).contains("a");
        assertThat(drained(theirs)).containsExactly("a", "b", "c");
    }

    @Test
    void offerOnce_isOnce() throws Exception {
        assertThat(mine.offerOnce("id", "a", Duration.ZERO)).isTrue();
        assertThat(theirs.offerOnce("id", "b", Duration.ZERO)).isFalse();
        soon(mine.offerAsync("c", Duration.ZERO));
        assertThat(mine.take()).isEqualTo("a");
        assertThat(mine.take()).isEqualTo("c");
    }

    @Test
    void badInput_isRefusedAtOnce_sayingWhatItWas() {
        for (Duration bad : List.of(Duration.ofNanos(-1), Duration.ofDays(3651), Duration.ofSeconds(Long.MAX_VALUE))) {
            List<ThrowingCallable> calls = List.of(
                    () -> mine.offer("a", bad),
                    () -> mine.offerAll(List.of("a"), bad),
                    () -> mine.offerOnce("id", "a", bad),
                    () -> mine.offerAsync("a", bad));
            for (ThrowingCallable call : calls) {
                assertThatIllegalArgumentException()
                        .isThrownBy(call)
                        .withMessageContaining(name)
                        .withMessageContaining("delay " + bad);
            }
        }
        for (Instant bad :
                List.of(Instant.EPOCH.minusMillis(1), Instant.parse("+10000-01-01T00:00:00Z"), Instant.MIN)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> mine.offerAt("a", bad))
                    .withMessageContaining(name)
                    .withMessageContaining(bad.toString());
        }
        assertThatIllegalArgumentException().isThrownBy(() -> mine.offerAll(List.of(), Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> mine.offer("x".repeat(131_073), Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> mine.offerOnce("", "a", Duration.ZERO));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DistributedDelayQueue.create(here.session(), "a//b", Codec.utf8()))
                .withMessageContaining("a//b");
        assertThat(server.keys(name)).isEmpty();
    }

    @Test
    @SuppressWarnings({"NullAway", "DataFlowIssue"}) // what a caller without checks may give
    void null_isRefusedAtOnce() {
        assertThatNullPointerException().isThrownBy(() -> mine.offer(null, Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> mine.offer("a", null));
        assertThatNullPointerException().isThrownBy(() -> mine.offerAt("a", null));
        assertThatNullPointerException().isThrownBy(() -> mine.offerAt(null, PAST));
        assertThatNullPointerException().isThrownBy(() -> mine.offerAll(null, Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> mine.offerOnce(null, "a", Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> mine.poll(null));
        assertThat(server.keys(name)).isEmpty();
    }

    @Test
    void toString_saysWhatItIs() {
        assertThat(mine.toString()).contains("DistributedDelayQueue").contains(name);
        assertThat(mine.name()).isEqualTo(name);
        assertThat(mine.deadLetters().size()).isZero();
    }
}
