/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.consort.core.Codec;
import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import io.etcd.jetcd.ByteSequence;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of a delivery, whatever server is behind it: how it ends, and what becomes of its item. */
abstract class WorkDeliveryContract {
    private final Server server = server();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final String name = Server.freshName();
    private final WorkQueue<String> mine = Work.queue(here, name);
    private final WorkQueue<String> theirs = Work.queue(there, name);

    abstract Server server();

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    /** Takes the only delivery from its holder, as an operator does. */
    private void takeAway() {
        server.holds(name).forEach(server::delete);
    }

    private static void assertLost(Delivery<?> delivery, LossReason... reasons) {
        CompletableFuture<LossReason> lost = delivery.lost().toCompletableFuture();
        assertThat(lost).succeedsWithin(Work.SOON);
        assertThat(lost.join()).isIn((Object[]) reasons);
        assertThat(delivery.isHeld()).isFalse();
    }

    // Acknowledging

    @Test
    void ack_takesItOutForGood() throws Exception {
        mine.offerAll(List.of("a", "b"));
        Delivery<String> first = Work.next(mine, "a", 1);
        assertThat(first.ack()).isTrue();
        assertThat(first.isHeld()).isFalse();
        assertThat(first.ack()).as("the second one").isFalse();
        assertThat(first.nack(Duration.ZERO)).isFalse();
        assertThat(first.release()).isFalse();
        assertThat(first.extend()).isFalse();
        first.close();
        Delivery<String> second = Work.next(theirs, "b", 1);
        assertThat(second.ackAsync()).succeedsWithin(Work.SOON).isEqualTo(true);
        assertThat(second.ackAsync()).succeedsWithin(Work.SOON).isEqualTo(false);
        assertThat(server.items(name)).isEmpty();
        assertThat(server.holds(name)).isEmpty();
        assertThat(first.lost().toCompletableFuture()).as("it was not").isNotDone();
    }

    @Test
    void ack_ofWhatWasLost_isFalse_andTheItemStays() throws Exception {
        mine.offer("a");
        Delivery<String> first = Work.next(mine, "a", 1);
        takeAway();
        Delivery<String> second = Work.next(theirs, "a", 2);
        assertThat(first.ack()).isFalse();
        assertThat(first.ack(txn -> txn.put(name + "-done", "by the first"))).isFalse();
        assertThat(second.isHeld()).isTrue();
        assertThat(server.items(name)).hasSize(1);
        assertThat(second.ack()).isTrue();
        assertThat(server.text(name + "-done")).isEqualTo("absent");
    }

    @Test
    void ackWithWrites_doesAllOrNothing() throws Exception {
        mine.offerAll(List.of("a", "b"));
        server.put(name + "-old", "old");
        Delivery<String> first = Work.next(mine, "a", 1);
        assertThat(first.ack(txn -> txn.put(name + "-done", "a")
                        .putLeased(bytes(name + "-leased"), bytes("a"))
                        .delete(bytes(name + "-old"))))
                .isTrue();
        assertThat(server.text(name + "-done")).isEqualTo("a");
        assertThat(server.get(name + "-leased").orElseThrow().getLease())
                .isEqualTo(here.session().leaseId());
        assertThat(server.text(name + "-old")).isEqualTo("absent");
        long at = server.get(name + "-done").orElseThrow().getModRevision();
        assertThat(server.get(name + "-leased").orElseThrow().getModRevision()).isEqualTo(at);
        assertThat(server.values(name)).containsExactly("b");
        Delivery<String> second = Work.next(mine, "b", 1);
        takeAway();
        assertThat(second.ack(txn -> txn.put(name + "-done", "b"))).isFalse();
        assertThat(server.text(name + "-done")).isEqualTo("a");
        Work.next(theirs, "b", 2);
    }

    @Test
    @SuppressWarnings("NullAway") // what is no @Nullable is refused
    void ackWhoseWriterThrows_leavesItHeld() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> delivery.ack(txn -> {
                    txn.put(name + "-done", "a");
                    throw new UnsupportedOperationException("by the test");
                }));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> delivery.ack(txn -> txn.put("", "a")))
                .withMessageContaining("key is empty");
        assertThatIllegalStateException().isThrownBy(() -> delivery.ack(txn -> txn.commit()));
        assertThatIllegalStateException()
                .isThrownBy(() -> delivery.ack(txn -> {
                    var unused = txn.commitAsync();
                }));
        assertThatNullPointerException().isThrownBy(() -> delivery.ack(null)).withMessage("writes");
        assertThat(delivery.isHeld()).isTrue();
        assertThat(server.text(name + "-done")).isEqualTo("absent");
        assertThat(delivery.ack(txn -> txn.put(name + "-done", "b"))).isTrue();
        assertThat(server.text(name + "-done")).isEqualTo("b");
    }

    /** What etcd refuses is known not to be done: so it is not held for ever, but somebody else's. */
    @Test
    void ackThatEtcdRefuses_throws_andTheItemComesBack() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> delivery.ack(txn -> txn.put(name + "-done", "x".repeat(2_000_000))))
                .withMessageContaining(name);
        assertThat(delivery.isHeld()).isFalse();
        Work.next(theirs, "a", 2);
        assertThat(server.text(name + "-done")).isEqualTo("absent");
    }

    /** Its own keys are no business of the writer's: nothing is done. */
    @Test
    void ackThatWritesToItsOwnItem_isRefused() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        String key = server.items(name).get(0).key();
        assertThatExceptionOfType(RecipeException.class).isThrownBy(() -> delivery.ack(txn -> txn.put(key, "x")));
        Work.next(theirs, "a", 2);
    }

    @Test
    void guard_writesWhileItIsHeldOnly() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        assertThat(delivery.guard().txn().put(name + "-step", "1").commit()).isTrue();
        takeAway();
        assertThat(delivery.guard().txn().put(name + "-step", "2").commit()).isFalse();
        assertLost(delivery, LossReason.CLAIM_REMOVED);
        Delivery<String> second = Work.next(theirs, "a", 2);
        assertThat(second.guard().txn().put(name + "-step", "3").commit()).isTrue();
        assertThat(second.ack()).isTrue();
        assertThat(second.guard().txn().put(name + "-step", "4").commit()).isFalse();
        assertThat(server.text(name + "-step")).isEqualTo("3");
    }

    @Test
    void tokens_growFromDeliveryToDelivery() throws Exception {
        mine.offer("a");
        FencingToken last = null;
        for (int i = 1; i <= 4; i++) {
            Delivery<String> delivery = Work.next(i % 2 == 0 ? mine : theirs, "a", i);
            if (last != null) {
                assertThat(delivery.token()).isGreaterThan(last);
            }
            last = delivery.token();
            assertThat(delivery)
                    .asString()
                    .contains(name)
                    .contains("attempt " + i)
                    .doesNotContain("value");
            assertThat(delivery.nack(Duration.ZERO)).isTrue();
        }
    }

    // Giving back

    @Test
    void nack_putsItBackAtItsPlace() throws Exception {
        mine.offerAll(List.of("a", "b", "c"));
        Delivery<String> first = Work.next(mine, "a", 1);
        Delivery<String> second = Work.next(theirs, "b", 1);
        assertThat(second.nack(Duration.ZERO, "why")).isTrue();
        assertThat(second.ack()).isFalse();
        assertThat(first.nack(Duration.ZERO)).isTrue();
        assertThat(server.holds(name)).isEmpty();
        Work.next(theirs, "a", 2);
        Work.next(mine, "b", 2);
        Work.next(mine, "c", 1);
    }

    @Test
    void nackWithDelay_isDeliveredThen_andOthersMeanwhile() throws Exception {
        mine.offerAll(List.of("a", "b"));
        Delivery<String> first = Work.next(mine, "a", 1);
        long start = System.nanoTime();
        assertThat(first.nack(Duration.ofSeconds(2))).isTrue();
        assertThat(first.isHeld()).isFalse();
        Work.next(theirs, "b", 1);
        assertThat(theirs.receive(Duration.ZERO)).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        Work.next(theirs, "a", 2);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(1999), Duration.ofSeconds(7));
    }

    /** The time is by the key, not by who waited when it was given back. */
    @Test
    void nackWithDelay_isFoundByWhoComesLater() throws Exception {
        mine.offerAll(List.of("a", "b"));
        assertThat(Work.next(mine, "a", 1).nack(Duration.ofSeconds(2))).isTrue();
        here.session().close();
        Work.next(theirs, "b", 1);
        Work.next(theirs, "a", 2);
    }

    /** As many as are more than it looks at first. */
    @Test
    void nackWithDelay_ofMany_keepsNobodyFromThoseBehind() throws Exception {
        int resting = 80;
        int all = 400;
        for (int i = 0; i < all; i += 100) {
            mine.offerAll(IntStream.range(i, i + 100).mapToObj(String::valueOf).toList());
        }
        for (int i = 0; i < resting; i++) {
            assertThat(Work.next(mine).nack(Duration.ofMinutes(10))).isTrue();
        }
        for (int i = resting; i < all; i++) {
            Delivery<String> next = Work.next(mine);
            assertThat(next.value()).isEqualTo(String.valueOf(i));
            assertThat(next.ack()).isTrue();
        }
        assertThat(mine.receive(Duration.ZERO)).isEmpty();
    }

    @Test
    @SuppressWarnings("NullAway") // what is no @Nullable is refused
    void nack_badDelay_isRefusedAndItIsHeld() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        for (Duration bad : List.of(Duration.ofNanos(-1), Duration.ofDays(365).plusNanos(1))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> delivery.nack(bad))
                    .withMessageContaining(name)
                    .withMessageContaining("delay " + bad + " ");
        }
        assertThatNullPointerException().isThrownBy(() -> delivery.nack(null)).withMessage("delay");
        assertThatNullPointerException()
                .isThrownBy(() -> delivery.nack(Duration.ZERO, null))
                .withMessage("reason");
        assertThat(delivery.isHeld()).isTrue();
        assertThat(delivery.nack(Duration.ofDays(365))).isTrue();
    }

    @Test
    void releaseAndClose_giveItBack() throws Exception {
        mine.offer("a");
        assertThat(Work.next(mine, "a", 1).release()).isTrue();
        try (Delivery<String> delivery = Work.next(mine, "a", 2)) {
            assertThat(delivery.remaining()).isPositive();
        }
        assertThat(Work.next(theirs, "a", 3).releaseAsync())
                .succeedsWithin(Work.SOON)
                .isEqualTo(true);
        try (Delivery<String> delivery = Work.next(mine, "a", 4)) {
            assertThat(delivery.ack()).isTrue();
        }
        assertThat(server.items(name)).isEmpty();
    }

    // Losing

    /** Of those who end a delivery at once one is told that it has, and that is what happened. */
    @Test
    void ackNackAndRelease_atOnce_oneOfThemIsTrue_andThatHappened() throws Exception {
        int acks = 0;
        try (Threads threads = new Threads()) {
            for (int round = 1; round <= 150; round++) {
                mine.offer("item " + round);
                Delivery<String> delivery = Work.next(mine, "item " + round, 1);
                CyclicBarrier start = new CyclicBarrier(3);
                List<Future<Boolean>> told = Stream.<Callable<Boolean>>of(
                                delivery::ack, () -> delivery.nack(Duration.ZERO), delivery::release)
                        .map(ending -> threads.start(() -> {
                            start.await();
                            return ending.call();
                        }))
                        .toList();
                boolean acked = told.get(0).get(10, SECONDS);
                assertThat(List.of(
                                acked, told.get(1).get(10, SECONDS), told.get(2).get(10, SECONDS)))
                        .as("acknowledged, put off, given back in round %d", round)
                        .containsOnlyOnce(true);
                if (acked) {
                    acks++;
                    assertThat(server.values(name)).isEmpty();
                } else {
                    assertThat(Work.next(mine, "item " + round, 2).ack()).isTrue();
                }
            }
        }
        assertThat(acks).isBetween(1, 149);
    }

    @Test
    void timeLimit_takesItFromItsHolder_whoIsTold() throws Exception {
        WorkQueue<String> hasty =
                Work.builder(here, name).timeLimit(Duration.ofMillis(200)).build();
        mine.offer("a");
        Delivery<String> delivery = Work.next(hasty, "a", 1);
        Delivery<String> next = Work.next(theirs, "a", 2);
        assertLost(delivery, LossReason.EXPIRED);
        assertThat(delivery.extend()).isFalse();
        assertThat(delivery.ack(txn -> txn.put(name + "-done", "a"))).isFalse();
        assertThat(server.text(name + "-done")).isEqualTo("absent");
        assertThat(next.ack()).isTrue();
        assertThat(here.session().state().isFinal()).isFalse();
    }

    @Test
    void extend_beginsTheTimeLimitAnew() throws Exception {
        WorkQueue<String> hasty =
                Work.builder(here, name).timeLimit(Duration.ofMillis(1200)).build();
        assertThat(theirs.receive(Duration.ZERO)).isEmpty();
        mine.offer("a");
        Delivery<String> delivery = Work.next(hasty, "a", 1);
        for (int i = 0; i < 3; i++) {
            assertThat(theirs.receive(Duration.ofMillis(450))).isEmpty();
            assertThat(delivery.extend()).isTrue();
        }
        assertThat(delivery.ack()).isTrue();
        assertThat(delivery.lost().toCompletableFuture()).isNotDone();
    }

    @Test
    void closedSession_losesItsDeliveries_whichOthersGet() throws Exception {
        mine.offerAll(List.of("a", "b"));
        Delivery<String> first = Work.next(mine, "a", 1);
        Delivery<String> second = Work.next(mine, "b", 1);
        here.session().close();
        assertLost(first, LossReason.CLOSED);
        assertLost(second, LossReason.CLOSED);
        assertThat(first.ack()).isFalse();
        assertThat(second.nack(Duration.ofHours(1))).isFalse();
        Work.next(theirs, "a", 2);
        Work.next(theirs, "b", 2);
    }

    @Test
    void lostSession_losesItsDeliveries_andItsFactoryGoesOn() throws Exception {
        try (SessionFactory sessions = SessionFactory.of(Session.builder(here.connection))) {
            WorkQueue<String> lasting =
                    WorkQueue.builder(sessions, name, Codec.utf8()).build();
            lasting.offer("a");
            Delivery<String> first = Work.next(lasting, "a", 1);
            Session session = sessions.session();
            server.revoke(session.leaseId());
            assertLost(first, LossReason.REVOKED, LossReason.EXPIRED);
            assertThat(first.ack(txn -> txn.put(name + "-done", "a"))).isFalse();
            assertThat(session.state().isFinal()).isTrue();
            Delivery<String> second = Work.next(lasting, "a", 2);
            assertThat(second.token()).isGreaterThan(first.token());
            assertThat(second.ack()).isTrue();
            assertThat(server.text(name + "-done")).isEqualTo("absent");
        }
    }

    /** An operator who deletes an item in flight has it done with. */
    @Test
    void itemDeletedInFlight_isGone() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        server.items(name).forEach(item -> server.delete(item.key()));
        assertThat(delivery.ack()).isTrue();
        assertThat(theirs.receive(Duration.ZERO)).isEqualTo(Optional.empty());
        assertThat(server.holds(name)).isEmpty();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }
}
