/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** F39: elsewhere an item is lost with the process that took it, or comes again and again to those whom it kills. */
@Isolated("moves the server's clock on")
class F39_ItemOfDeadConsumerIT {
    private static final Duration TTL = Duration.ofSeconds(2);

    private final Server server = Server.embedded();
    private final Peer survivor = server.peer(Duration.ofMinutes(10));
    private final Peer victim = server.peer(TTL);
    private final String name = Server.freshName();
    private final WorkQueue<String> theirs = Work.queue(survivor, name);
    private final WorkQueue<String> mortal = Work.queue(victim, name);

    @AfterEach
    void leave() {
        victim.close();
        survivor.close();
    }

    /** From now on nothing that it says arrives; it does not even know. */
    private void dies() {
        victim.faults.every(CallMatcher.any()).hangRequest();
        victim.faults.breakStreams("Lease/LeaseKeepAlive");
        Server.embeddedEtcd().advance(TTL.plusSeconds(3));
    }

    private void assertDone() throws InterruptedException {
        assertThat(server.items(name)).isEmpty();
        assertThat(server.holds(name)).isEmpty();
        assertThat(theirs.receive(Duration.ZERO)).isEmpty();
    }

    @Test
    void diesWhileItWaits_keepsNobodyFromTheNextItem() throws Exception {
        CompletableFuture<Delivery<String>> never = mortal.receiveAsync();
        Work.inLine(server, name, victim);
        dies();
        theirs.offer("a");
        assertThat(Work.next(theirs, "a", 1).ack()).isTrue();
        assertThat(never.isDone() && !never.isCompletedExceptionally()).isFalse();
        assertDone();
    }

    /** Its card says that the first item is its own until its lease is gone. */
    @Test
    void diesWhileItWaits_itemOfferedBefore_goesToTheNextInLine() throws Exception {
        var unused = mortal.receiveAsync();
        Work.inLine(server, name, victim);
        CompletableFuture<Delivery<String>> next = theirs.receiveAsync();
        Work.inLine(server, name, survivor);
        CallFault silent = victim.faults.every(Work.claims(name)).hangRequest();
        theirs.offer("a");
        Party.soon(silent.hit());
        assertThat(next).isNotDone();
        dies();
        assertThat(Party.soon(next).value()).isEqualTo("a");
        assertThat(next.join().attempt()).isEqualTo(1);
        assertThat(next.join().ack()).isTrue();
        assertDone();
    }

    /** Etcd has given it the item, and it has not heard of it. */
    @Test
    void diesAsItTakes_itemComesToAnother() throws Exception {
        theirs.offerAll(List.of("a", "b"));
        CallFault lost = victim.faults.every(Work.claims(name)).hangReply();
        var unused = mortal.receiveAsync();
        Party.soon(lost.landed());
        assertThat(Work.next(theirs, "b", 1).ack()).as("the first is held").isTrue();
        dies();
        assertThat(Work.next(theirs, "a", 2).ack()).isTrue();
        assertDone();
    }

    @Test
    void diesAsItWorks_itemComesToAnother_andItCannotAcknowledge() throws Exception {
        theirs.offer("a");
        Delivery<String> delivery = Work.next(mortal, "a", 1);
        CompletableFuture<Delivery<String>> next = theirs.receiveAsync();
        dies();
        Delivery<String> second = Party.soon(next);
        assertThat(second.attempt()).isEqualTo(2);
        assertThat(second.token()).isGreaterThan(delivery.token());
        victim.faults.clear(); // it was but cut off
        assertThat(delivery.ack(txn -> txn.put(name + "-done", "by the dead"))).isFalse();
        assertThat(delivery.lost().toCompletableFuture()).succeedsWithin(Work.SOON);
        assertThat(second.ack(txn -> txn.put(name + "-done", "by the living"))).isTrue();
        assertThat(server.text(name + "-done")).isEqualTo("by the living");
        assertDone();
    }

    /** The request is under way as it dies: it lands after somebody else has the item, or never. */
    @Test
    void diesAsItAcknowledges_requestComesLate_isRefused() throws Exception {
        theirs.offer("a");
        Delivery<String> delivery = Work.next(mortal, "a", 1);
        CallFault held = victim.faults.next(Work.endings(name)).hold();
        CompletableFuture<Boolean> acking = delivery.ackAsync();
        Party.soon(held.hit());
        dies();
        Delivery<String> second = Work.next(theirs, "a", 2);
        held.release();
        Party.soon(held.landed());
        assertThat(second.isHeld()).isTrue();
        assertThat(server.items(name)).hasSize(1);
        assertThat(second.ack()).isTrue();
        victim.faults.clear();
        assertThat(acking.handle((done, failure) -> failure == null && done)) // or that it is not known
                .succeedsWithin(Work.SOON)
                .isEqualTo(false);
        assertDone();
    }

    @Test
    void diesWhenItHasAcknowledged_itemIsDone() throws Exception {
        theirs.offer("a");
        Delivery<String> delivery = Work.next(mortal, "a", 1);
        CallFault lost = victim.faults.every(Work.endings(name)).hangReply();
        var unused = delivery.ackAsync();
        Party.soon(lost.landed());
        dies();
        assertDone();
    }

    @Test
    void diesWhenItHasGivenBack_itemComesOnceMore() throws Exception {
        theirs.offer("a");
        assertThat(Work.next(mortal, "a", 1).nack(Duration.ofMillis(300))).isTrue();
        dies();
        assertThat(theirs.receive(Duration.ZERO)).as("it rests").isEmpty();
        assertThat(Work.next(theirs, "a", 2).ack()).isTrue();
        assertDone();
    }

    /** Whatever kills those who work on it, it is put aside after so many deaths, and the rest is worked on. */
    @Test
    void poisonItem_endsAsADeadLetter() throws Exception {
        WorkQueue<String> careful = Work.builder(survivor, name).maxAttempts(3).build();
        careful.offerAll(List.of("poison", "food"));
        for (int i = 1; i <= 3; i++) {
            try (Peer one = server.peer()) {
                WorkQueue<String> queue = Work.builder(one, name).maxAttempts(3).build();
                Work.next(queue, "poison", i);
                server.revoke(one.session().leaseId());
            }
        }
        assertThat(Work.next(careful, "food", 1).ack()).isTrue();
        await().untilAsserted(() -> assertThat(careful.deadLetters().size()).isEqualTo(1));
        DeadLetter letter = careful.deadLetters().list(1).get(0);
        assertThat(letter.reason()).contains("not acknowledged within 3 deliveries");
        assertThat(letter.attempts()).isEqualTo(3);
        assertDone();
    }

    /** Whoever puts it aside may die of that too. */
    @Test
    void diesAsItPutsAside_anotherDoes() throws Exception {
        WorkQueue<String> once = Work.builder(survivor, name).maxAttempts(1).build();
        WorkQueue<String> mortalOnce = Work.builder(victim, name).maxAttempts(1).build();
        once.offer("a");
        try (Peer one = server.peer()) {
            Work.next(Work.queue(one, name), "a", 1);
            server.revoke(one.session().leaseId());
        }
        CallFault lost = victim.faults.every(Work.endings(name)).hangRequest();
        CompletableFuture<Delivery<String>> never = mortalOnce.receiveAsync();
        Party.soon(lost.hit());
        assertThat(once.deadLetters().size()).isZero();
        dies();
        assertThat(once.receive(Duration.ofMillis(300))).isEmpty();
        await().untilAsserted(() -> assertThat(once.deadLetters().size()).isEqualTo(1));
        assertThat(once.deadLetters().list(1).get(0).reason()).contains("not acknowledged");
        assertThat(never.isDone() && !never.isCompletedExceptionally()).isFalse();
        assertThat(server.items(name)).isEmpty();
    }
}
