/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.SessionLostException;
import dev.consort.queue.DistributedQueue.Offered;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of a work queue, whatever server is behind it: what goes in, and who gets it. */
abstract class WorkQueueContract {
    private final Server server = server();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final WorkQueue<String> mine = Work.queue(here, name);
    private final WorkQueue<String> theirs = Work.queue(there, name);

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
    }

    // Order

    @Test
    void items_comeInTheOrderInWhichTheyWereOffered() throws Exception {
        assertThat(mine.offer("a")).isTrue();
        assertThat(theirs.offer("b")).isTrue();
        assertThat(theirs.offerAll(List.of("c", "d"))).isTrue();
        assertThat(mine.offerAsync("e")).succeedsWithin(Work.SOON).isEqualTo(true);
        List<String> values = new ArrayList<>();
        for (WorkQueue<String> queue : List.of(theirs, mine, mine, theirs, mine)) {
            Delivery<String> delivery = Work.next(queue);
            assertThat(delivery.attempt()).isEqualTo(1);
            assertThat(delivery.isHeld()).isTrue();
            values.add(delivery.value());
        }
        assertThat(values).containsExactly("a", "b", "c", "d", "e");
        assertThat(mine.name()).isEqualTo(name);
        assertThat(mine).hasToString("WorkQueue '" + name + "'");
    }

    @Test
    void manyItems_goOnceEachToThoseWhoTakeThemAtOnce() throws Exception {
        int items = 60;
        List<Future<List<String>>> taking = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            WorkQueue<String> queue = i % 2 == 0 ? mine : theirs;
            taking.add(threads.start(() -> {
                List<String> taken = new ArrayList<>();
                for (Optional<Delivery<String>> next = queue.receive(Work.SOON);
                        !next.orElseThrow().value().equals("end");
                        next = queue.receive(Work.SOON)) {
                    assertThat(next.orElseThrow().attempt()).isEqualTo(1);
                    taken.add(next.orElseThrow().value());
                    assertThat(next.orElseThrow().ack()).isTrue();
                }
                return taken;
            }));
        }
        List<String> offered =
                IntStream.range(0, items).mapToObj(String::valueOf).toList();
        offered.forEach(mine::offer);
        mine.offerAll(Collections.nCopies(4, "end"));
        List<String> taken = new ArrayList<>();
        for (Future<List<String>> each : taking) {
            List<String> one = Party.soon(each);
            assertThat(one).isSortedAccordingTo((a, b) -> Integer.parseInt(a) - Integer.parseInt(b));
            taken.addAll(one);
        }
        assertThat(taken).containsExactlyInAnyOrderElementsOf(offered);
    }

    // Receiving

    @Test
    void receive_waitsForAnItem() throws Exception {
        Future<Delivery<String>> waiting = threads.start(mine::receive);
        Work.inLine(server, name, here);
        theirs.offer("a");
        assertThat(Party.soon(waiting).value()).isEqualTo("a");
    }

    @Test
    void receive_nothingThere_waitsAsLongAsAsked() throws Exception {
        assertThat(mine.receive(Duration.ZERO)).isEmpty();
        assertThat(mine.receive(Duration.ofSeconds(-1))).isEmpty();
        long start = System.nanoTime();
        assertThat(mine.receive(Duration.ofMillis(150))).isEmpty();
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        assertThat(took).isBetween(Duration.ofMillis(150), Duration.ofSeconds(2));
        mine.offer("a");
        assertThat(mine.receive(Duration.ZERO).orElseThrow().value()).isEqualTo("a");
        assertThat(mine.receive(Duration.ZERO)).as("it is held").isEmpty();
        assertThat(theirs.receive(Duration.ZERO)).as("it is held").isEmpty();
    }

    /** Those who have gone stand in nobody's way. */
    @Test
    void receive_afterAnotherProcessGaveUpWaiting_getsTheFirst() throws Exception {
        assertThat(mine.receive(Duration.ZERO)).isEmpty();
        assertThat(mine.receive(Duration.ofMillis(50))).isEmpty();
        theirs.offerAll(List.of("a", "b"));
        assertThat(Work.next(theirs).value()).isEqualTo("a");
        assertThat(Work.next(mine).value()).isEqualTo("b");
    }

    @Test
    void receiveAsync_getsAnItem_andCancelledTakesNone() throws Exception {
        CompletableFuture<Delivery<String>> first = mine.receiveAsync();
        CompletableFuture<Delivery<String>> second = mine.receiveAsync();
        Work.inLine(server, name, here);
        assertThat(first).isNotDone();
        assertThat(first.cancel(false)).isTrue();
        theirs.offer("a");
        assertThat(Party.soon(second).value()).isEqualTo("a");
        theirs.offer("b");
        Delivery<String> next = Work.next(theirs);
        assertThat(next.value()).isEqualTo("b");
        assertThat(next.attempt()).isEqualTo(1);
    }

    /** Etcd was asked already: it comes for nobody, and goes back to its place. */
    @Test
    void itemThatComesForNobody_isGivenBack() throws Exception {
        mine.offerAll(List.of("a", "b"));
        CallFault held = here.faults.next(Work.claims(name)).hold();
        CompletableFuture<Delivery<String>> receiving = mine.receiveAsync();
        Party.soon(held.hit());
        assertThat(receiving.cancel(false)).isTrue();
        held.release();
        Party.soon(held.landed());
        await().untilAsserted(() -> assertThat(server.holds(name)).isEmpty());
        Delivery<String> again = Work.next(theirs);
        assertThat(again.value()).isEqualTo("a");
        assertThat(again.attempt()).isEqualTo(2);
    }

    /** Two waiters of one process get two different items, also if one transaction takes both. */
    @Test
    void waitersOfOneProcess_getAnItemEach() throws Exception {
        List<CompletableFuture<Delivery<String>>> waiting =
                IntStream.range(0, 40).mapToObj(i -> mine.receiveAsync()).toList();
        Work.inLine(server, name, here);
        List<String> offered = IntStream.range(0, 40).mapToObj(String::valueOf).toList();
        theirs.offerAll(offered);
        List<String> values = new ArrayList<>();
        for (CompletableFuture<Delivery<String>> each : waiting) {
            values.add(Party.soon(each).value());
        }
        assertThat(values).containsExactlyInAnyOrderElementsOf(offered);
    }

    @Test
    void sessionThatIsOver_refusesWhoWaits_andWhoComes() throws Exception {
        Future<Delivery<String>> waiting = threads.start(mine::receive);
        CompletableFuture<Delivery<String>> alsoWaiting = mine.receiveAsync();
        Work.inLine(server, name, here);
        here.session().close();
        assertThat(waiting).failsWithin(Work.SOON).withThrowableThat().withCauseInstanceOf(SessionLostException.class);
        assertThat(alsoWaiting)
                .failsWithin(Work.SOON)
                .withThrowableThat()
                .withCauseInstanceOf(SessionLostException.class);
        assertThatExceptionOfType(SessionLostException.class)
                .isThrownBy(() -> mine.receive(Duration.ZERO))
                .withMessageContaining(name);
    }

    // Offering

    @Test
    void offerOnce_isOfferedOnce() throws Exception {
        assertThat(mine.offerOnce("id", "a")).isEqualTo(Offered.ADDED);
        assertThat(theirs.offerOnce("id", "b")).isEqualTo(Offered.DUPLICATE);
        assertThat(Work.next(mine).ack()).isTrue();
        assertThat(theirs.offerOnce("id", "b")).as("after it is done").isEqualTo(Offered.DUPLICATE);
        assertThat(mine.state().depth()).isZero();
    }

    @Test
    void capacity_countsWhatIsInFlight() throws Exception {
        WorkQueue<String> small = Work.builder(here, name).capacity(2).build();
        assertThat(small.offer("a")).isTrue();
        assertThat(small.offerOnce("id", "b")).isEqualTo(Offered.ADDED);
        assertThat(small.offer("x")).isFalse();
        Delivery<String> first = Work.next(small);
        Delivery<String> second = Work.next(small);
        assertThat(small.offer("x")).as("all are in flight").isFalse();
        assertThat(second.nack(Duration.ofHours(1))).isTrue();
        assertThat(small.offerAsync("x")).succeedsWithin(Work.SOON).isEqualTo(false);
        assertThat(first.ack()).isTrue();
        assertThat(small.offerOnce("other", "c")).isEqualTo(Offered.ADDED);
        assertThat(small.offerAll(List.of("x"))).isFalse();
    }

    // Looking

    @Test
    void state_tellsWhatIsThere() throws Exception {
        assertThat(mine.state()).isEqualTo(new WorkQueueState(0, 0, 0, 0, Optional.empty()));
        WorkQueue<String> once = Work.builder(here, name).maxAttempts(1).build();
        once.offerAll(List.of("dead", "resting", "held", "there", "there"));
        assertThat(Work.next(once).nack(Duration.ZERO)).isTrue();
        assertThat(Work.next(mine).nack(Duration.ofHours(1))).isTrue();
        Delivery<String> held = Work.next(mine);
        WorkQueueState state = theirs.state();
        assertThat(state.depth()).isEqualTo(4);
        assertThat(state.inFlight()).isEqualTo(1);
        assertThat(state.resting()).isEqualTo(1);
        assertThat(state.deadLetters()).isEqualTo(1);
        assertThat(state.oldest().orElseThrow()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
        assertThat(held.nack(Duration.ofSeconds(1))).isTrue();
        assertThat(mine.state().resting()).isEqualTo(2);
        await().untilAsserted(() ->
                assertThat(mine.state().resting()).as("whose time has come").isEqualTo(1));
    }

    // Bad input

    @Test
    @SuppressWarnings("NullAway") // what is no @Nullable is refused
    void badSettings_areRefusedNamingThem() {
        WorkQueue.Builder<String> builder = Work.builder(here, name);
        for (int bad : new int[] {0, -1, 1001}) {
            assertBad(() -> builder.maxAttempts(bad), "maxAttempts " + bad + " ");
            assertBad(() -> mine.consume(bad, delivery -> {}), "concurrency " + bad + " ");
        }
        for (int bad : new int[] {0, -1, 100_001}) {
            assertBad(() -> builder.capacity(bad), "capacity " + bad + " ");
        }
        for (Duration bad : List.of(Duration.ofMillis(99), Duration.ofDays(366), Duration.ofSeconds(-1))) {
            assertBad(() -> builder.timeLimit(bad), "timeLimit " + bad + " ");
        }
        for (Duration bad : List.of(Duration.ofMillis(999), Duration.ofDays(366))) {
            assertBad(() -> builder.idWindow(bad).build().state(), "window " + bad + " ");
        }
        for (String bad : List.of("", "/a", "a/", "a//b", "a".repeat(4097))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> WorkQueue.create(here.session(), bad, Codec.utf8()))
                    .withMessageContaining("WorkQueue")
                    .withMessageContaining(bad.length() > 100 ? "4097" : "'" + bad + "'");
        }
        assertThatNullPointerException()
                .isThrownBy(() -> builder.timeLimit(null))
                .withMessage("limit");
        assertThatNullPointerException()
                .isThrownBy(() -> builder.idWindow(null))
                .withMessage("window");
        assertThatNullPointerException().isThrownBy(() -> mine.consume(1, null)).withMessage("handler");
        assertThatNullPointerException()
                .isThrownBy(() -> WorkQueue.create(here.session(), name, null))
                .withMessage("codec");
        assertThatNullPointerException()
                .isThrownBy(() -> WorkQueue.create(here.session(), null, Codec.utf8()))
                .withMessage("name");
    }

    @Test
    @SuppressWarnings("NullAway") // what is no @Nullable is refused
    void badItems_areRefusedNamingThem_andNothingIsOffered() {
        assertBad(() -> mine.offerAll(List.of()), "batch of 0 items");
        assertBad(() -> mine.offerAll(Collections.nCopies(101, "a")), "batch of 101 items");
        assertBad(() -> mine.offer("x".repeat(131_073)), "131073 bytes");
        assertBad(() -> mine.offerOnce("", "a"), "id '' is empty");
        assertBad(() -> mine.offerOnce("i".repeat(513), "a"), "513 bytes");
        assertThatNullPointerException().isThrownBy(() -> mine.offer(null)).withMessage("item");
        assertThatNullPointerException().isThrownBy(() -> mine.offerAsync(null)).withMessage("item");
        assertThatNullPointerException()
                .isThrownBy(() -> mine.offerOnce(null, "a"))
                .withMessage("id");
        assertThatNullPointerException().isThrownBy(() -> mine.receive(null)).withMessage("timeout");
        assertThat(server.items(name)).isEmpty();
    }

    private void assertBad(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String why) {
        assertThatIllegalArgumentException()
                .as(why)
                .isThrownBy(call)
                .withMessageContaining("WorkQueue '" + name + "'")
                .withMessageContaining(why);
    }
}
