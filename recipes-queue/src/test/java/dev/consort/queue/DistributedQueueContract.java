/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionLostException;
import dev.consort.queue.DistributedQueue.Offered;
import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of a queue first in, first out, whatever server is behind it. */
abstract class DistributedQueueContract {
    private static final Duration MOMENT = Duration.ofMillis(50);

    /** That of texts, but for one. */
    private static final Codec<String> CODEC = new Codec<>() {
        @Override
        public byte[] encode(String value) {
            return Codec.utf8().encode(value);
        }

        @Override
        public String decode(byte[] bytes) {
            String text = Codec.utf8().decode(bytes);
            if (text.startsWith("poison")) {
                throw new IllegalArgumentException("cannot read this");
            }
            return text;
        }
    };

    private final Server server = server();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final DistributedQueue<String> mine = queue(here);
    private final DistributedQueue<String> theirs = queue(there);

    abstract Server server();

    private DistributedQueue<String> queue(Peer of) {
        return DistributedQueue.create(of.session(), name, CODEC);
    }

    @AfterEach
    void leave() {
        threads.close();
        here.close();
        there.close();
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(String::valueOf).toList();
    }

    private static List<String> drained(DistributedQueue<String> queue) throws InterruptedException {
        List<String> all = new ArrayList<>();
        for (Optional<String> next = queue.poll(); next.isPresent(); next = queue.poll()) {
            all.add(next.get());
        }
        return all;
    }

    // Order

    @Test
    void items_ofTwoProcesses_areTakenInTheOrderOfTheirOffers() throws Exception {
        for (int i = 0; i < 100; i++) {
            assertThat((i % 3 == 0 ? mine : theirs).offer(String.valueOf(i))).isTrue();
        }
        List<String> taken = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            taken.add((i % 5 == 0 ? mine : theirs).take());
        }
        assertThat(taken).isEqualTo(numbers(100));
        assertThat(mine.size()).isZero();
    }

    @Test
    void offerAll_whileOthersOffer_standsTogether() throws Exception {
        Future<?> others = threads.start(() -> {
            for (int i = 0; i < 60; i++) {
                theirs.offer("x");
            }
            return null;
        });
        for (int i = 0; i < 6; i++) {
            assertThat(mine.offerAll(numbers(i % 2 == 0 ? 40 : 5))).isTrue();
        }
        soon(others);
        String all = String.join(" ", drained(mine)).replace("x ", "").replace(" x", "");
        assertThat(all)
                .isEqualTo(Stream.of(40, 5, 40, 5, 40, 5)
                        .map(count -> String.join(" ", numbers(count)))
                        .reduce((one, other) -> one + " " + other)
                        .orElseThrow());
        assertThat(mine.size()).isZero();
    }

    /** More than is read at once, and with takers in two processes each item comes to one of them. */
    @Test
    void backlog_ofTwoPages_isTakenInOrderByTwoProcesses() throws Exception {
        List<String> all = numbers(500);
        for (int i = 0; i < 500; i += 25) {
            mine.offerAll(all.subList(i, i + 25));
        }
        List<Future<List<String>>> takers = new ArrayList<>();
        for (DistributedQueue<String> queue : List.of(mine, theirs)) {
            for (int i = 0; i < 3; i++) {
                takers.add(threads.start(() -> drained(queue)));
            }
        }
        List<String> taken = new ArrayList<>();
        for (Future<List<String>> taker : takers) {
            List<String> some = soon(taker);
            assertThat(some.stream().map(Integer::parseInt)).isSorted();
            taken.addAll(some);
        }
        assertThat(taken).containsExactlyInAnyOrderElementsOf(all);
    }

    @Test
    void backlog_ofTwoPages_isTakenInOrderByOne() throws Exception {
        List<String> all = numbers(400);
        for (int i = 0; i < 400; i += 100) {
            theirs.offerAll(all.subList(i, i + 100));
        }
        assertThat(drained(mine)).isEqualTo(all);
    }

    // Taking

    @Test
    void take_waitsForAnItem() throws Exception {
        Future<String> taken = threads.start(mine::take);
        server.awaitWaiting(name, 1);
        assertThat(taken).isNotDone();
        theirs.offer("a");
        assertThat(soon(taken)).isEqualTo("a");
    }

    @Test
    void takes_ofTwoProcesses_areServedInTheirOrder() throws Exception {
        Future<String> first = threads.start(mine::take);
        server.awaitWaiting(name, 1);
        Future<String> second = threads.start(theirs::take);
        server.awaitWaiting(name, 2);
        theirs.offerAll(List.of("a", "b"));
        assertThat(soon(first)).isEqualTo("a");
        assertThat(soon(second)).isEqualTo("b");
    }

    /** Those of a process that are not served yet stay where they stand. */
    @Test
    void takes_ofOneProcess_areServedBeforeThoseWhoCameLater() throws Exception {
        List<CompletableFuture<String>> before =
                Stream.generate(mine::takeAsync).limit(3).toList();
        await().until(() -> server.waiting(name) > 0);
        theirs.offer("a");
        assertThat(soon(before.get(0))).isEqualTo("a");
        server.awaitWaiting(name, 2);
        CompletableFuture<String> after = theirs.takeAsync();
        server.awaitWaiting(name, 3);
        theirs.offer("b");
        assertThat(soon(before.get(1))).isEqualTo("b");
        theirs.offer("c");
        assertThat(soon(before.get(2))).isEqualTo("c");
        theirs.offer("d");
        assertThat(soon(after)).isEqualTo("d");
    }

    @Test
    void poll_ofNone_isEmptyAtOnce() throws Exception {
        assertThat(mine.poll()).isEmpty();
        assertThat(mine.poll(Duration.ZERO)).isEmpty();
        assertThat(mine.poll(Duration.ofSeconds(-1))).isEmpty();
        theirs.offer("a");
        assertThat(mine.poll()).contains("a");
        assertThat(theirs.poll()).isEmpty();
    }

    /** An offer that was answered is seen by whoever comes later, whatever watches have told. */
    @Test
    void poll_afterAnOffer_finds() throws Exception {
        assertThat(mine.poll()).isEmpty();
        for (int i = 0; i < 50; i++) {
            theirs.offer("a");
            assertThat(mine.poll()).as("poll %d", i).contains("a");
        }
    }

    @Test
    void pollTimed_isEmptyInTime_andTakesWhatComesInTime() throws Exception {
        long start = System.nanoTime();
        assertThat(mine.poll(MOMENT)).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(MOMENT, MOMENT.plusMillis(400));
        assertThat(server.waiting(name)).isZero();
        Future<Optional<String>> patient = threads.start(() -> theirs.poll(Duration.ofSeconds(Long.MAX_VALUE)));
        server.awaitWaiting(name, 1);
        theirs.offer("a");
        assertThat(soon(patient)).contains("a");
    }

    /** What is another's already is none for who only looks. */
    @Test
    void poll_whileAnotherWaits_takesNothingOfHis() throws Exception {
        Future<String> first = threads.start(mine::take);
        server.awaitWaiting(name, 1);
        assertThat(theirs.poll()).isEmpty();
        assertThat(first).isNotDone();
        assertThat(server.waiting(name)).isEqualTo(1);
        theirs.offer("a");
        assertThat(soon(first)).isEqualTo("a");
    }

    @Test
    void takeAsync_isServedInOrder() throws Exception {
        List<CompletableFuture<String>> takes =
                Stream.generate(mine::takeAsync).limit(40).toList();
        theirs.offerAll(numbers(40));
        for (int i = 0; i < 40; i++) {
            assertThat(soon(takes.get(i))).isEqualTo(String.valueOf(i));
        }
        assertThat(mine.size()).isZero();
    }

    @Test
    void asyncOffers_complete() throws Exception {
        assertThat(soon(mine.offerAsync("a"))).isTrue();
        assertThat(soon(mine.offerAllAsync(List.of("b", "c")))).isTrue();
        assertThat(drained(theirs)).containsExactly("a", "b", "c");
    }

    @Test
    void take_interrupted_throwsAndTakesNothing() throws Exception {
        CompletableFuture<Thread> taker = new CompletableFuture<>();
        Future<Boolean> waiting = threads.start(() -> {
            taker.complete(Thread.currentThread());
            assertThatExceptionOfType(InterruptedException.class).isThrownBy(mine::take);
            return Thread.interrupted();
        });
        server.awaitWaiting(name, 1);
        taker.join().interrupt();
        assertThat(soon(waiting)).as("the flag, for it was thrown").isFalse();
        assertThat(server.waiting(name)).isZero();
        mine.offer("a");
        assertThat(theirs.poll()).contains("a");
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(mine::take);
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(mine::poll);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    /** Offers and looks are bounded, and so keep the flag. */
    @Test
    void offer_interrupted_keepsTheFlag() {
        Thread.currentThread().interrupt();
        assertThat(mine.offer("a")).isTrue();
        assertThat(mine.peek()).contains("a");
        assertThat(mine.size()).isEqualTo(1);
        assertThat(Thread.interrupted()).isTrue();
    }

    // What is put back

    @Test
    void putBack_standsBeforeTheOthers() throws Exception {
        CompletableFuture<String> first = mine.takeAsync();
        server.awaitWaiting(name, 1);
        var held = here.faults.next(LineRequests.takesOf(name)).hold();
        theirs.offerAll(List.of("a", "b", "c"));
        soon(held.hit());
        first.cancel(false);
        held.release();
        await().until(() -> server.values(name).equals(List.of("a", "b", "c"))
                && server.items(name).get(0).order().contains("!"));
        theirs.offer("d");
        assertThat(theirs.peek()).contains("a");
        assertThat(drained(theirs)).containsExactly("a", "b", "c", "d");
    }

    // Looking

    @Test
    void peek_isTheFirst_andLeavesIt() throws Exception {
        assertThat(mine.peek()).isEmpty();
        mine.offer("a");
        theirs.offer("b");
        assertThat(mine.peek()).contains("a");
        assertThat(theirs.peek()).contains("a");
        assertThat(mine.size()).isEqualTo(2);
        assertThat(mine.take()).isEqualTo("a");
        assertThat(theirs.peek()).contains("b");
    }

    @Test
    void peek_undecodable_fails() {
        mine.offer("poison");
        assertThatExceptionOfType(RecipeException.class).isThrownBy(mine::peek).withMessageContaining(name);
    }

    // Offering once

    @Test
    void offerOnce_isOnce_ofWhateverProcess() throws Exception {
        assertThat(mine.offerOnce("id", "a")).isEqualTo(Offered.ADDED);
        assertThat(theirs.offerOnce("id", "b")).isEqualTo(Offered.DUPLICATE);
        assertThat(drained(theirs)).containsExactly("a");
        assertThat(mine.offerOnce("id", "c")).as("also when it was taken").isEqualTo(Offered.DUPLICATE);
        assertThat(mine.offerOnce("other", "d")).isEqualTo(Offered.ADDED);
    }

    // Capacity

    @Test
    void capacity_isNeverExceeded() throws Exception {
        DistributedQueue<String> small = DistributedQueue.builder(here.session(), name, CODEC)
                .capacity(3)
                .build();
        DistributedQueue<String> same = DistributedQueue.builder(there.session(), name, CODEC)
                .capacity(3)
                .build();
        assertThat(small.offerAll(List.of("a", "b"))).isTrue();
        assertThat(same.offerAll(List.of("c", "d"))).isFalse();
        assertThat(same.offer("c")).isTrue();
        assertThat(small.offer("d")).isFalse();
        assertThat(small.offerOnce("id", "d")).isEqualTo(Offered.FULL);
        assertThat(soon(small.offerAsync("d"))).isFalse();
        assertThat(soon(small.offerAllAsync(List.of("d")))).isFalse();
        assertThat(same.take()).isEqualTo("a");
        assertThat(small.offerOnce("id", "d")).isEqualTo(Offered.ADDED);
        assertThat(drained(same)).containsExactly("b", "c", "d");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> mine.offer("e"))
                .withMessageContaining("3")
                .withMessageContaining(name);
    }

    @Test
    void capacity_whileManyOfferAndTake_isNeverExceeded() throws Exception {
        List<Future<?>> work = new ArrayList<>();
        for (Peer peer : List.of(here, there)) {
            DistributedQueue<String> small = DistributedQueue.builder(peer.session(), name, CODEC)
                    .capacity(5)
                    .build();
            work.add(threads.start(() -> {
                for (int i = 0; i < 40; ) {
                    i += small.offer("a") ? 1 : 0;
                }
                return null;
            }));
            work.add(threads.start(() -> {
                for (int i = 0; i < 40; i++) {
                    assertThat(small.size()).isLessThanOrEqualTo(5);
                    small.take();
                }
                return null;
            }));
        }
        for (Future<?> each : work) {
            soon(each);
        }
        assertThat(mine.size()).isZero();
    }

    // What cannot be decoded

    @Test
    void undecodable_goesToTheDeadLetters_andTheNextOneIsTaken() throws Exception {
        mine.offerAll(List.of("poison 1", "a", "poison 2", "b", "poison 3"));
        assertThat(mine.take()).isEqualTo("a");
        assertThat(mine.poll()).contains("b");
        assertThat(theirs.poll()).isEmpty();
        await().until(() -> mine.deadLetters().size() == 3);
        assertThat(theirs.deadLetters().list(10)).allSatisfy(letter -> {
            assertThat(new String(letter.value(), UTF_8)).startsWith("poison ");
            assertThat(letter.reason()).contains("cannot read this");
            assertThat(letter.attempts()).isEqualTo(1);
        });
        assertThat(mine.size()).isZero();
    }

    @Test
    void undecodable_isSkippedByThoseWhoWait() throws Exception {
        CompletableFuture<String> async = mine.takeAsync();
        server.awaitWaiting(name, 1);
        theirs.offer("poison");
        await().until(() -> mine.deadLetters().size() == 1);
        assertThat(async).isNotDone();
        theirs.offer("a");
        assertThat(soon(async)).isEqualTo("a");
    }

    // Names and bad input

    @Test
    void names_thatNest_areRefusedWhileBothAreInUse() throws Exception {
        mine.offer("a");
        mine.take();
        DistributedQueue<String> inner = DistributedQueue.create(here.session(), name + "/sub", CODEC);
        assertThatIllegalArgumentException().isThrownBy(inner::take).withMessageContaining(name + "/sub");
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(inner.takeAsync()))
                .withCauseInstanceOf(IllegalArgumentException.class);
        assertThat(mine.poll()).isEmpty();
    }

    @Test
    void badInput_isRefusedAtOnce_sayingWhatItWas() {
        for (String bad : List.of("", "/a", "a/", "a//b", "x".repeat(4097))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> DistributedQueue.create(here.session(), bad, CODEC))
                    .withMessageContaining(bad.substring(0, Math.min(bad.length(), 9)));
        }
        var builder = DistributedQueue.builder(here.session(), name, CODEC);
        for (int bad : new int[] {0, -1, 100_001}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder.capacity(bad))
                    .withMessageContaining("capacity " + bad);
        }
        for (Duration bad : List.of(Duration.ZERO, Duration.ofMillis(999), Duration.ofDays(366))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder.idWindow(bad).build())
                    .withMessageContaining(bad.toString());
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mine.offer("x".repeat(131_073)))
                .withMessageContaining("131073");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mine.offerAll(List.of()))
                .withMessageContaining("0 items");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mine.offerAll(numbers(101)))
                .withMessageContaining("101 items");
        for (String bad : List.of("", "x".repeat(513), "a\0b")) {
            assertThatIllegalArgumentException().isThrownBy(() -> mine.offerOnce(bad, "a"));
        }
        for (int bad : new int[] {0, -1, 1001}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> mine.deadLetters().list(bad))
                    .withMessageContaining("most " + bad);
        }
        assertThat(server.keys(name)).isEmpty();
    }

    @Test
    @SuppressWarnings({"NullAway", "DataFlowIssue"}) // what a caller without checks may give
    void null_isRefusedAtOnce() {
        List<ThrowingCallable> calls = List.of(
                () -> DistributedQueue.create(null, name, CODEC),
                () -> DistributedQueue.create(here.session(), null, CODEC),
                () -> DistributedQueue.create(here.session(), name, null),
                () -> DistributedQueue.builder(here.session(), name, CODEC).idWindow(null),
                () -> mine.offer(null),
                () -> mine.offerAsync(null).join(),
                () -> mine.offerAll(null),
                () -> mine.offerAll(Arrays.asList("a", null)),
                () -> mine.offerAllAsync(null).join(),
                () -> mine.offerOnce(null, "a"),
                () -> mine.offerOnce("id", null),
                () -> mine.deadLetters().requeue(null),
                () -> mine.deadLetters().purge(null));
        for (int i = 0; i < calls.size(); i++) {
            assertThatNullPointerException().as("call %d", i).isThrownBy(calls.get(i));
        }
        assertThatNullPointerException().isThrownBy(() -> mine.poll(null));
        assertThat(server.keys(name)).isEmpty();
    }

    @Test
    void codec_thatFails_offersNothing() {
        DistributedQueue<String> queue = DistributedQueue.create(here.session(), name, new Codec<>() {
            @Override
            public byte[] encode(String value) {
                throw new IllegalStateException("broken");
            }

            @Override
            public String decode(byte[] bytes) {
                return "";
            }
        });
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> queue.offer("a"))
                .withMessageContaining(name)
                .withStackTraceContaining("broken");
        assertThat(mine.size()).isZero();
    }

    // Sessions

    @Test
    void session_closed_endsAllWaits() throws Exception {
        CompletableFuture<String> async = mine.takeAsync();
        Future<String> blocking = threads.start(mine::take);
        await().until(() -> server.waiting(name) > 0);
        here.session().close();
        for (Future<String> each : List.of(async, blocking)) {
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> soon(each))
                    .withCauseInstanceOf(SessionLostException.class);
        }
        assertThatExceptionOfType(SessionLostException.class)
                .isThrownBy(mine::take)
                .satisfies(lost -> assertThat(lost.reason()).isEqualTo(LossReason.CLOSED));
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(mine::poll);
        // what needs a connection only goes on
        assertThat(mine.offer("a")).isTrue();
        assertThat(mine.peek()).contains("a");
        assertThat(mine.size()).isEqualTo(1);
        assertThat(theirs.take()).isEqualTo("a");
    }

    @Test
    void session_lost_isToldToThoseWhoWait_andItsPlaceInLineIsGivenUp() throws Exception {
        CompletableFuture<String> first = mine.takeAsync();
        server.awaitWaiting(name, 1);
        CompletableFuture<String> second = theirs.takeAsync();
        server.awaitWaiting(name, 2);
        String card = server.keys(name + "/q/w/").stream()
                .min(Comparator.comparing(key -> server.get(key).orElseThrow().getModRevision()))
                .orElseThrow();
        server.revoke(Long.parseUnsignedLong(card.substring(card.lastIndexOf('/') + 1), 16));
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(first))
                .withCauseInstanceOf(SessionLostException.class);
        theirs.offer("a");
        assertThat(soon(second)).isEqualTo("a");
    }

    @Test
    void sessions_ofOneConnection_areTwoConsumers() throws Exception {
        try (Session other = Session.builder(here.connection).open()) {
            DistributedQueue<String> second = DistributedQueue.create(other, name, CODEC);
            CompletableFuture<String> one = mine.takeAsync();
            server.awaitWaiting(name, 1);
            CompletableFuture<String> two = second.takeAsync();
            server.awaitWaiting(name, 2);
            assertThat(server.keys(name + "/q/w/")).hasSize(2);
            second.offerAll(List.of("a", "b"));
            assertThat(soon(one)).isEqualTo("a");
            assertThat(soon(two)).isEqualTo("b");
        }
        mine.offer("c");
        assertThat(mine.take()).isEqualTo("c");
    }

    @Test
    void queues_ofOneSession_shareOnePlaceInLineAndOneWatch() throws Exception {
        mine.poll();
        CallCounts before = here.log.counts();
        List<CompletableFuture<String>> takes =
                Stream.generate(() -> queue(here).takeAsync()).limit(20).toList();
        await().until(() -> server.waiting(name) > 0);
        assertThat(server.keys(name + "/q/w/")).hasSize(1);
        theirs.offerAll(numbers(20));
        for (int i = 0; i < 20; i++) {
            assertThat(soon(takes.get(i))).isEqualTo(String.valueOf(i));
        }
        assertThat(here.log.counts().since(before).watchCreates()).isZero();
    }

    // What others do to its keys

    @Test
    void item_deletedByAnOperator_isSkipped() throws Exception {
        mine.offerAll(List.of("a", "b", "c"));
        assertThat(mine.poll()).contains("a");
        server.delete(server.items(name).get(0).key());
        assertThat(mine.take()).isEqualTo("c");
        assertThat(mine.poll()).isEmpty();
    }

    @Test
    void card_deletedByAnOperator_isWrittenAgain() throws Exception {
        CompletableFuture<String> first = mine.takeAsync();
        server.awaitWaiting(name, 1);
        for (int i = 0; i < 3; i++) {
            server.delete(server.keys(name + "/q/w/").get(0));
            server.awaitWaiting(name, 1);
        }
        theirs.offer("a");
        assertThat(soon(first)).isEqualTo("a");
        mine.offer("b");
        server.delete(server.keys(name + "/q/w/").get(0));
        assertThat(mine.take()).isEqualTo("b");
    }

    @Test
    void foreignKeys_belowTheName_areLeftAlone() throws Exception {
        for (String foreign : List.of("/q/i/zzz", "/q/w/zzz", "/q/h/zzz", "/q/zzz", "/zzz", "/q/i/zzz/", "/id")) {
            server.put(name + foreign, "foreign");
        }
        CompletableFuture<String> waiting = mine.takeAsync();
        await().until(() -> server.keys(name + "/q/w/").size() == 2);
        theirs.offerAll(List.of("a", "b"));
        server.put(name + "/q/w/zzz", "1 99999 0 0");
        server.put(name + "/q/i/zzz", "still foreign");
        assertThat(soon(waiting)).isEqualTo("a");
        assertThat(theirs.take()).isEqualTo("b");
        assertThat(mine.poll()).isEmpty();
        assertThat(server.text(name + "/q/i/zzz")).isEqualTo("still foreign");
    }

    @Test
    void toString_saysWhatItIs() {
        assertThat(mine).hasToString("DistributedQueue " + name);
        assertThat(mine.name()).isEqualTo(name);
    }

    @Test
    void nothingIsLeft_whenAllIsTakenAndTheSessionsAreClosed() throws Exception {
        mine.offerAll(numbers(40));
        drained(theirs);
        mine.poll();
        here.session().close();
        there.session().close();
        assertThat(server.keys(name)).containsExactly(name + "/tail");
        assertThatIllegalStateException().isThrownBy(() -> {
            here.connection.close();
            queue(here).offer("a");
        });
    }
}
