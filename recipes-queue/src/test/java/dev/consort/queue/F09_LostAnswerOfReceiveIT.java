/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.OutcomeUnknownException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.MatchedCalls;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** F09: elsewhere an item whose delivery was not heard of is nobody's until a timeout, or an acknowledgement is believed lost. */
@ResourceLock("history") // it compacts what is read by those of takes
class F09_LostAnswerOfReceiveIT {
    /** Of which each costs no time. */
    private static final List<Function<MatchedCalls, CallFault>> QUICK = List.of(
            MatchedCalls::loseReply,
            MatchedCalls::loseRequest,
            calls -> calls.landLate(Duration.ofMillis(30)),
            MatchedCalls::duplicate,
            calls -> calls.duplicateAfter(Duration.ofMillis(30)));

    private static final int LAND = 2; // those from here on send something by themselves

    /** Of which each costs the timeout of an attempt. */
    private static final List<Function<MatchedCalls, CallFault>> SLOW =
            List.of(MatchedCalls::hangReply, MatchedCalls::hangRequest);

    private final Server server = Server.embedded();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final String name = Server.freshName();
    private final WorkQueue<String> mine = Work.queue(here, name);
    private final WorkQueue<String> theirs = Work.queue(there, name);

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    private static Function<MatchedCalls, CallFault> fault(int number) {
        return number < QUICK.size() ? QUICK.get(number) : SLOW.get(number - QUICK.size());
    }

    /** Sees to it that the fault had its effect, and what it sent late has landed, before anybody judges. */
    private static void assertHit(CallFault fault, int number) {
        assertThat(fault.hit()).as("fault %d", number).succeedsWithin(Work.SOON);
        if (number >= LAND && number < QUICK.size()) {
            assertThat(fault.landed()).as("fault %d", number).succeedsWithin(Work.SOON);
        }
    }

    private void assertDone() {
        assertThat(server.items(name)).isEmpty();
        assertThat(server.holds(name)).isEmpty();
        assertThat(mine.deadLetters().size()).isZero();
    }

    @Test
    void claim_isMadeOnce() throws Exception {
        for (int i = 0; i < QUICK.size() + SLOW.size(); i++) {
            mine.offerAll(List.of("a", "b"));
            CallFault fault = fault(i).apply(here.faults.next(Work.claims(name)));
            Delivery<String> first = Work.next(mine, "a", 1);
            assertHit(fault, i);
            assertThat(first.isHeld()).isTrue();
            Delivery<String> second = Work.next(theirs, "b", 1);
            assertThat(theirs.receive(Duration.ZERO)).isEmpty();
            assertThat(first.ack()).isTrue();
            assertThat(second.ack()).isTrue();
        }
        assertDone();
    }

    /** The same for those who wait when the items come. */
    @Test
    void claimOfSeveral_isMadeOnce() throws Exception {
        for (int i = 0; i < QUICK.size(); i++) {
            List<CompletableFuture<Delivery<String>>> waiting = List.of(mine.receiveAsync(), mine.receiveAsync());
            Work.inLine(server, name, here);
            CallFault fault = QUICK.get(i).apply(here.faults.next(Work.claims(name)));
            theirs.offerAll(List.of("a", "b", "c"));
            Delivery<String> first = Party.soon(waiting.get(0));
            Delivery<String> second = Party.soon(waiting.get(1));
            assertHit(fault, i);
            assertThat(List.of(first.value(), second.value())).containsExactly("a", "b");
            assertThat(List.of(first.attempt(), second.attempt())).containsExactly(1L, 1L);
            Delivery<String> third = Work.next(theirs, "c", 1);
            for (Delivery<String> each : List.of(first, second, third)) {
                assertThat(each.ack()).isTrue();
            }
        }
        assertDone();
    }

    @Test
    void card_isPutOnce() throws Exception {
        for (int i = 0; i < QUICK.size(); i++) {
            CallFault fault = QUICK.get(i).apply(here.faults.next(Work.cards(name)));
            CompletableFuture<Delivery<String>> waiting = mine.receiveAsync();
            Work.inLine(server, name, here);
            assertHit(fault, i);
            theirs.offerAll(List.of("a", "b"));
            Delivery<String> first = Party.soon(waiting);
            assertThat(first.value()).isEqualTo("a");
            assertThat(first.ack()).isTrue();
            assertThat(Work.next(theirs, "b", 1).ack()).isTrue();
        }
        assertDone();
    }

    /** The step out of the line. */
    @Test
    void giveUp_isSaidOnce() throws Exception {
        for (int i = 0; i < QUICK.size(); i++) {
            CompletableFuture<Delivery<String>> waiting = mine.receiveAsync();
            Work.inLine(server, name, here);
            CallFault fault = QUICK.get(i).apply(here.faults.next(Work.cards(name)));
            waiting.cancel(false);
            Work.outOfLine(server, name, here);
            assertHit(fault, i);
            theirs.offer("a");
            assertThat(Work.next(theirs, "a", 1).ack()).isTrue();
        }
        assertDone();
    }

    @Test
    void ack_isMadeOnce_withItsWrites() throws Exception {
        for (int i = 0; i < QUICK.size() + SLOW.size(); i++) {
            String key = name + "-done-" + i;
            mine.offerAll(List.of("a", "b"));
            Delivery<String> first = Work.next(mine, "a", 1);
            Delivery<String> second = Work.next(mine, "b", 1);
            CallFault fault = fault(i).apply(here.faults.next(Work.endings(name)));
            assertThat(first.ack(txn -> txn.put(key, "a"))).isTrue();
            assertHit(fault, i);
            assertThat(server.get(key).orElseThrow().getVersion()).isEqualTo(1);
            fault = fault(i).apply(here.faults.next(Work.endings(name)));
            assertThat(second.ackAsync()).succeedsWithin(Work.SOON).isEqualTo(true);
            assertHit(fault, i);
        }
        assertDone();
    }

    @Test
    void nack_isMadeOnce() throws Exception {
        for (int i = 0; i < QUICK.size(); i++) {
            mine.offer("a");
            Delivery<String> delivery = Work.next(mine, "a", 1);
            CallFault fault = QUICK.get(i).apply(here.faults.next(Work.endings(name)));
            assertThat(delivery.nack(Duration.ZERO)).isTrue();
            Delivery<String> second = Work.next(theirs, "a", 2);
            assertHit(fault, i);
            assertThat(second.isHeld()).isTrue();
            fault = QUICK.get(i).apply(there.faults.next(Work.endings(name)));
            assertThat(second.nack(Duration.ofMillis(10))).isTrue();
            Delivery<String> third = Work.next(mine, "a", 3);
            assertHit(fault, i);
            assertThat(third.ack()).isTrue();
        }
        assertDone();
    }

    @Test
    void deadLetter_isWrittenOnce() throws Exception {
        WorkQueue<String> once = Work.builder(here, name).maxAttempts(1).build();
        for (int i = 0; i < QUICK.size(); i++) {
            once.offer("a");
            Delivery<String> delivery = Work.next(once, "a", 1);
            CallFault fault = QUICK.get(i).apply(here.faults.next(Work.endings(name)));
            assertThat(delivery.nack(Duration.ZERO)).isTrue();
            assertHit(fault, i);
            List<DeadLetter> letters = once.deadLetters().list(10);
            assertThat(letters).hasSize(1);
            assertThat(once.deadLetters().requeue(letters.get(0).id())).isTrue();
            Delivery<String> again = Work.next(theirs, "a", 1);
            assertThat(again.isHeld()).isTrue();
            assertThat(again.ack()).isTrue();
        }
        assertDone();
    }

    /** While its value is read once more, nothing else is taken for whoever it is for. */
    @Test
    void claimWhoseAnswerIsLost_takesNoOtherItemMeanwhile() throws Exception {
        mine.offerAll(List.of("a", "b", "c"));
        CallFault lost = here.faults.loseNextReply(Work.claims(name));
        CallFault slow = here.faults.delayNext(reading(name + "/q/i/"), Duration.ofMillis(50));
        Delivery<String> first = Work.next(mine, "a", 1);
        assertThat(List.of(lost.hits(), slow.hits())).containsExactly(1L, 1L);
        assertThat(first.ack()).isTrue();
        assertThat(Work.next(theirs, "b", 1).ack()).isTrue();
        assertThat(Work.next(theirs, "c", 1).ack()).isTrue();
        assertDone();
    }

    /** Reads items by a transaction that does nothing else. */
    private static CallMatcher reading(String folder) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessCount() == 1
                                && txn.getSuccess(0).hasRequestRange()
                                && txn.getSuccess(0)
                                        .getRequestRange()
                                        .getKey()
                                        .toStringUtf8()
                                        .startsWith(folder)
                                && txn.getSuccess(0)
                                        .getRequestRange()
                                        .getRangeEnd()
                                        .isEmpty());
    }

    /** The value of what was taken does not depend on what etcd remembers. */
    @Test
    void claimWhoseAnswerIsLost_andHistoryCompacted_isDelivered() throws Exception {
        mine.offer("a");
        CallFault lost = here.faults.loseNextReply(Work.claims(name));
        CallFault slow = here.faults.next(reading(name + "/q/i/")).hold();
        CompletableFuture<Delivery<String>> receiving = mine.receiveAsync();
        Party.soon(lost.hit());
        Party.soon(slow.hit());
        server.put(name + "-other", "x");
        Server.embeddedEtcd().faults().compact(Server.embeddedEtcd().revision());
        slow.release();
        Delivery<String> delivery = Party.soon(receiving);
        assertThat(delivery.value()).isEqualTo("a");
        assertThat(delivery.attempt()).isEqualTo(1);
        assertThat(delivery.ack()).isTrue();
        assertDone();
    }

    /** Etcd is silent for longer than the request timeout: the caller is told so, and the item is done with later. */
    @Test
    void ack_etcdSilent_isUnknown_andDoneWhenItAnswers() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        CallFault silent = here.faults.every(Work.endings(name)).hangRequest();
        long start = System.nanoTime();
        assertThatExceptionOfType(OutcomeUnknownException.class)
                .isThrownBy(delivery::ack)
                .withMessageContaining(name);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(7));
        assertThat(delivery.isHeld()).isFalse();
        silent.stop();
        await().untilAsserted(this::assertDone);
    }

    /** Done, and the session ends before that is heard of: "false" would say that nothing was. */
    @Test
    void ack_sessionEndsBeforeTheAnswer_isUnknown() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        CallFault lost = here.faults.every(Work.endings(name)).hangReply();
        CompletableFuture<Boolean> acking = delivery.ackAsync();
        Party.soon(lost.landed());
        server.revoke(here.session().leaseId());
        assertThat(acking)
                .failsWithin(Work.SOON)
                .withThrowableThat()
                .withCauseInstanceOf(OutcomeUnknownException.class);
        assertThat(server.items(name)).isEmpty();
    }

    /** It can never be known whether it was done; whichever it is, the item is not held by nobody for as long as a session lives. */
    @Test
    void ackThatStaysUnknown_givesTheItemBack() throws Exception {
        mine.offer("a");
        Delivery<String> delivery = Work.next(mine, "a", 1);
        AtomicLong receipts = new AtomicLong();
        CallFault lost = here.faults
                .every(Work.endings(name).when(TxnRequest.class, txn -> {
                    receipts.set(txn.getSuccess(txn.getSuccessCount() - 1)
                            .getRequestPut()
                            .getLease());
                    return true;
                }))
                .loseRequest();
        CompletableFuture<Boolean> acking = delivery.ackAsync();
        await().until(() -> lost.hits() > 1); // so an earlier one may be on its way
        server.revoke(receipts.get());
        lost.stop();
        assertThat(acking)
                .failsWithin(Work.SOON)
                .withThrowableThat()
                .withCauseInstanceOf(OutcomeUnknownException.class);
        assertThat(Work.next(theirs, "a", 2).ack()).isTrue();
        assertDone();
    }
}
