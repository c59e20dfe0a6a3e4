/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who sees nobody in line takes at once: but not what is another's, while the next one is gone already, nor what is gone. */
class OutOfTurnIT {
    private final Server server = Server.embedded();
    private final Peer second = server.peer();
    private final Peer stale = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        threads.close();
        List.of(second, stale).forEach(Peer::close);
    }

    private DistributedQueue<String> queue(Peer of) {
        return DistributedQueue.create(of.session(), name, Codec.utf8());
    }

    private DistributedPriorityQueue<String> priorities(Peer of) {
        return DistributedPriorityQueue.create(of.session(), name, Codec.utf8());
    }

    /** A process that knows what the queue holds, and learns no more until this is stopped. */
    private CallFault learnsNoMore(long events) {
        await().until(() -> stale.log.counts().watchEvents() >= events);
        CallFault away = stale.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(stale.faults.breakStreams("Watch/Watch")).isPositive();
        return away;
    }

    /** Gives back what it took for somebody who has gone, as soon as this is released. */
    private CallFault takenForNobody() throws Exception {
        CallFault answer = second.faults.next(LineRequests.takesOf(name)).holdReply();
        CompletableFuture<String> gone = queue(second).takeAsync();
        soon(answer.hit());
        await().until(() -> !server.values(name).contains("a"));
        gone.cancel(false);
        return answer;
    }

    @Test
    void itemsOfOthers_areNotTakenByOneThatDoesNotKnowOfThem() throws Exception {
        DistributedQueue<String> last = queue(stale);
        assertThat(last.poll()).isEmpty();
        long known = stale.log.counts().watchEvents();
        queue(second).offerAll(List.of("a", "b"));
        CallFault away = learnsNoMore(known + 2);

        String card = name + "/q/w/first"; // of a process that is slow
        server.put(card, "1 1 0");
        server.put(name + "/q/j", "");
        assertThat(queue(second).take()).isEqualTo("b");

        CallFault tries = stale.faults.next(LineRequests.takesOf(name)).duplicate(); // only to know when
        Future<Optional<String>> poll = threads.start(() -> last.poll());
        soon(tries.landed());
        assertThat(server.values(name)).as("it came before b").containsExactly("a");
        away.stop();
        assertThat(soon(poll)).isEmpty();
        server.delete(card);
        assertThat(last.take()).isEqualTo("a");
    }

    /** It knows of "a" to "e" and of nobody in line; meanwhile "a" and "b" were taken. */
    private CallFault doesNotKnowWhoTook(DistributedQueue<String> last) throws Exception {
        assertThat(last.poll()).isEmpty();
        long known = stale.log.counts().watchEvents();
        queue(second).offer("its first"); // it has a card then
        assertThat(queue(second).take()).isEqualTo("its first");
        queue(second).offerAll(List.of("a", "b", "c", "d", "e"));
        CallFault away = learnsNoMore(known + 1 + 2 + 5);
        assertThat(List.of(queue(second).take(), queue(second).take())).containsExactly("a", "b");
        return away;
    }

    /** Who sees nobody in line takes the first one that is left. */
    @Test
    void itemsThatOthersTookMeanwhile_arePassedInOneRequest() throws Exception {
        DistributedQueue<String> last = queue(stale);
        CallFault away = doesNotKnowWhoTook(last);
        CallCounts before = stale.log.counts();
        assertThat(soon(threads.start(last::take))).isEqualTo("c");
        assertThat(soon(threads.start(last::take))).isEqualTo("d");
        assertThat(stale.log.counts().since(before).unaryCalls("KV/Txn")).isEqualTo(2);
        assertThat(stale.tally.refused.sum()).isZero();
        assertThat(server.values(name)).containsExactly("e");
        away.stop();
    }

    @ParameterizedTest
    @EnumSource
    void itemAfterThose_isTakenOnce(F09_LostAnswerOfTakeIT.Fault fault) throws Exception {
        DistributedQueue<String> last = queue(stale);
        CallFault away = doesNotKnowWhoTook(last);
        CallFault trouble = fault.to(stale.faults.next(LineRequests.takesOf(name)));
        assertThat(soon(threads.start(last::take))).isEqualTo("c");
        await().untilAsserted(() -> assertThat(trouble.hits()).isEqualTo(1));
        assertThat(soon(threads.start(last::take))).isEqualTo("d");
        assertThat(server.values(name)).containsExactly("e");
        away.stop();
    }

    /** Where others may be quicker, several are not taken at once when one of them is gone: those before it may still be there. */
    @Test
    void severalWanted_andOneOfThemIsGone_noneIsForgotten() throws Exception {
        DistributedQueue<String> last = queue(stale);
        assertThat(last.poll()).isEmpty();
        long known = stale.log.counts().watchEvents();
        queue(second).offer("its first"); // it has a card then
        assertThat(queue(second).take()).isEqualTo("its first");
        queue(second).offerAll(List.of("a", "b", "c", "d", "e"));
        CallFault away = learnsNoMore(known + 1 + 2 + 5);
        CallFault held = stale.faults.next(LineRequests.takesOf(name)).hold();
        List<CompletableFuture<String>> takes = List.of(last.takeAsync(), last.takeAsync(), last.takeAsync());
        soon(held.hit());
        server.delete(server.items(name).get(2).key());
        CallFault tries = stale.faults.next(LineRequests.takesOf(name)).duplicate(); // only to know when
        held.release();
        soon(tries.landed());
        away.stop();
        assertThat(List.of(soon(takes.get(0)), soon(takes.get(1)), soon(takes.get(2))))
                .containsExactly("a", "b", "d");
        assertThat(last.poll()).hasValue("e");
        assertThat(server.values(name)).isEmpty();
    }

    /** One that is in line does not know of it, and what is its own has changed. */
    @Test
    void itemThatWasGivenBack_isTakenInsteadOfTheOneThatWasAboutToBe() throws Exception {
        DistributedQueue<String> last = queue(stale);
        queue(second).offer("a");
        CallFault taken = takenForNobody();
        CompletableFuture<String> take = last.takeAsync();
        Work.inLine(server, name, stale);
        CallFault held = stale.faults.next(LineRequests.takesOf(name)).hold();
        queue(second).offer("b");
        soon(held.hit());
        taken.release();
        await().until(() -> server.values(name).size() == 2);
        held.release();
        assertThat(soon(take)).isEqualTo("a");
        assertThat(server.values(name)).containsExactly("b");
    }

    /** Into a segment before all that it knows of. */
    @Test
    void itemThatWasGivenBack_isNotPassed_byOneThatDoesNotKnowOfIt() throws Exception {
        DistributedQueue<String> last = queue(stale);
        assertThat(last.poll()).isEmpty();
        long known = stale.log.counts().watchEvents();
        queue(second).offer("a");
        queue(second).offerAll(Collections.nCopies(20, "b")); // the tail moves on with these
        CallFault taken = takenForNobody();
        CallFault away = learnsNoMore(known + 1 + 20 + 2); // its card too
        taken.release();
        await().until(() -> server.values(name).contains("a"));

        CallFault tries = stale.faults.next(LineRequests.changesOf(name)).duplicate(); // only to know when
        Future<String> take = threads.start(last::take);
        soon(tries.landed());
        away.stop();
        assertThat(soon(take)).isEqualTo("a");
        assertThat(last.take()).isEqualTo("b");
    }

    @Test
    void poll_ofOneThatDoesNotKnowWhatWasGivenBack_findsIt() throws Exception {
        DistributedQueue<String> last = queue(stale);
        assertThat(last.poll()).isEmpty();
        long known = stale.log.counts().watchEvents();
        queue(second).offer("a");
        CallFault taken = takenForNobody();
        queue(second).offerAll(Collections.nCopies(20, "b"));
        server.items(name).forEach(item -> server.delete(item.key()));
        CallFault away = learnsNoMore(known + 1 + 2 + 20 + 20);
        taken.release();
        await().until(() -> server.values(name).equals(List.of("a")));

        CallCounts before = stale.log.counts();
        Future<Optional<String>> poll = threads.start(() -> last.poll());
        await().until(() -> stale.log.counts().since(before).unaryCalls("KV/Txn") > 0);
        away.stop();
        assertThat(soon(poll)).hasValue("a");
    }

    @Test
    void itemOfALesserPriority_isNotPassed_byOneThatDoesNotKnowOfIt() throws Exception {
        DistributedPriorityQueue<String> last = priorities(stale);
        assertThat(last.poll(Duration.ZERO)).isEmpty();
        long known = stale.log.counts().watchEvents();
        priorities(second).offer("later", 7);
        CallFault away = learnsNoMore(known + 2);
        priorities(second).offer("first", 3);

        CallFault tries = stale.faults.next(LineRequests.changesOf(name)).duplicate(); // only to know when
        Future<String> take = threads.start(last::take);
        soon(tries.landed());
        away.stop();
        assertThat(soon(take)).isEqualTo("first");
    }

    /** Or one who stands behind would take the one after the first, for whoever is before him. */
    @Test
    void itemOfALesserPriority_isTakenInsteadOfTheOneThatWasAboutToBe() throws Exception {
        CompletableFuture<String> take = priorities(stale).takeAsync();
        Work.inLine(server, name, stale);
        CallFault held = stale.faults.next(LineRequests.takesOf(name)).hold();
        priorities(second).offer("later", 7);
        soon(held.hit());
        priorities(second).offer("first", 1);
        priorities(second).offer("next", 2);
        held.release();
        assertThat(soon(take)).isEqualTo("first");
        assertThat(server.values(name)).containsExactly("next", "later");
    }

    /** What came before the other's one was taken by him, who has left his own to the next. */
    @Test
    void itemOfALesserPriority_thatHasComeAndGone_isSeenByOneThatLeaves() throws Exception {
        CompletableFuture<String> take = priorities(second).takeAsync();
        Work.inLine(server, name, second);
        CallFault takes = second.faults.next(LineRequests.takesOf(name)).hold();
        priorities(second).offer("later", 7);
        soon(takes.hit());
        CallFault joins = stale.faults.next(LineRequests.changesOf(name)).hold();
        Future<Optional<String>> poll = threads.start(() -> priorities(stale).poll(Duration.ZERO));
        soon(joins.hit());
        CallFault leaves = stale.faults.next(LineRequests.changesOf(name)).hold();
        joins.release();
        soon(leaves.hit());
        priorities(second).offer("first", 1);
        takes.release();
        assertThat(soon(take)).isEqualTo("first");
        leaves.release();
        assertThat(soon(poll)).hasValue("later");
        assertThat(server.values(name)).isEmpty();
    }

    /** It need not know of those that come after what it takes. */
    @Test
    void itemOfAHigherPriority_keepsNobodyFromTaking() throws Exception {
        DistributedPriorityQueue<String> last = priorities(stale);
        assertThat(last.poll(Duration.ZERO)).isEmpty();
        long known = stale.log.counts().watchEvents();
        priorities(second).offer("first", 3);
        CallFault away = learnsNoMore(known + 2);
        priorities(second).offer("later", 7);
        CallFault lost = stale.faults.loseNextReply(LineRequests.takesOf(name));
        assertThat(soon(threads.start(last::take))).isEqualTo("first");
        await("and it knows though the answer was lost").until(() -> lost.hits() == 1);
        assertThat(server.values(name)).containsExactly("later");
        away.stop();
    }

    @Test
    void itemThatIsDeletedAsItIsTaken_isNotTaken() throws Exception {
        DistributedQueue<String> queue = queue(second);
        CallFault held = second.faults.next(LineRequests.takesOf(name)).hold();
        queue.offer("a");
        Future<String> take = threads.start(queue::take);
        soon(held.hit());
        server.items(name).forEach(item -> server.delete(item.key()));
        queue.offer("b");
        held.release();
        assertThat(soon(take)).isEqualTo("b");
        assertThat(server.values(name)).isEmpty();
    }
}
