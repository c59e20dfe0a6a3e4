/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.internal.Timing;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.MatchedCalls;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Elsewhere a take whose answer is lost loses its item, or takes another one as well (S9). */
@ResourceLock("history")
class F09_LostAnswerOfTakeIT {
    /** What goes wrong with a request. */
    enum Fault {
        REQUEST_LOST,
        REPLY_LOST,
        REQUEST_HANGS,
        REPLY_HANGS,
        LANDS_LATE,
        TWICE,
        TWICE_LATER;

        CallFault to(MatchedCalls calls) {
            return switch (this) {
                case REQUEST_LOST -> calls.loseRequest();
                case REPLY_LOST -> calls.loseReply();
                case REQUEST_HANGS -> calls.hangRequest();
                case REPLY_HANGS -> calls.hangReply();
                case LANDS_LATE -> calls.landLate(Duration.ofMillis(30));
                case TWICE -> calls.duplicate();
                case TWICE_LATER -> calls.duplicateAfter(Duration.ofMillis(30));
            };
        }
    }

    private final Server server = Server.embedded();
    private final Peer here = server.peer(Timing.system()); // it is told in time, whatever etcd says
    private final Peer there = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final DistributedQueue<String> mine = DistributedQueue.create(here.session(), name, Codec.utf8());
    private final DistributedQueue<String> theirs = DistributedQueue.create(there.session(), name, Codec.utf8());

    @AfterEach
    void leave() {
        threads.close();
        here.close();
        there.close();
    }

    private void struck(CallFault fault) {
        await().untilAsserted(() -> assertThat(fault.hits()).isEqualTo(1));
    }

    @ParameterizedTest
    @EnumSource
    void take_isDoneOnce(Fault fault) throws Exception {
        for (boolean alone : new boolean[] {true, false}) {
            if (!alone) {
                assertThat(theirs.poll(Duration.ofMillis(1))).isEmpty(); // it has a card, so mine stands in line
            }
            CallFault trouble = fault.to(here.faults.next(LineRequests.takesOf(name)));
            theirs.offerAll(List.of("a", "b", "c"));
            assertThat(mine.take()).isEqualTo("a");
            struck(trouble);
            assertThat(mine.take()).isEqualTo("b");
            assertThat(server.values(name)).containsExactly("c");
            assertThat(mine.poll()).contains("c");
            assertThat(mine.poll()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void comingIntoLine_isDoneOnce(Fault fault) throws Exception {
        CallFault trouble = fault.to(here.faults.next(LineRequests.cardsOf(name)));
        Future<String> first = threads.start(mine::take);
        server.awaitWaiting(name, 1);
        struck(trouble);
        CompletableFuture<String> second = theirs.takeAsync();
        server.awaitWaiting(name, 2);
        theirs.offerAll(List.of("a", "b", "c"));
        assertThat(soon(first)).isEqualTo("a");
        assertThat(soon(second)).isEqualTo("b");
        assertThat(server.values(name)).containsExactly("c");
        assertThat(mine.take()).isEqualTo("c");
    }

    /** Whoever hears nothing about it is told so; what came for him is put back. */
    @ParameterizedTest
    @EnumSource
    void leavingTheLine_losesNothing(Fault fault) throws Exception {
        Future<Optional<String>> first = threads.start(() -> mine.poll(Duration.ofMillis(1200)));
        server.awaitWaiting(name, 1);
        CallFault trouble = fault.to(here.faults.next(LineRequests.cardsOf(name)));
        boolean unknown = false;
        try {
            assertThat(soon(first)).isEmpty();
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(OutcomeUnknownException.class);
            unknown = true;
        }
        assertThat(unknown).isEqualTo(fault == Fault.REQUEST_HANGS || fault == Fault.REPLY_HANGS);
        struck(trouble);
        server.awaitWaiting(name, 0);
        theirs.offer("a");
        assertThat(theirs.take()).isEqualTo("a");
        theirs.offer("b");
        assertThat(mine.take()).isEqualTo("b");
    }

    private CallMatcher fetch() {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessCount() > 0
                                && txn.getSuccess(0).getRequestRange().getRevision() > 0
                                && !txn.getSuccess(0).getRequestRange().getKeysOnly());
    }

    /** The value is read as it was before. Meanwhile nothing else is taken for him. */
    @Test
    void take_answerLost_valueIsFetched_andNoOtherItemTaken() throws Exception {
        theirs.offerAll(List.of("a", "b", "c"));
        CallFault lost = here.faults.loseNextReply(LineRequests.takesOf(name));
        CallFault held = here.faults.next(fetch()).hold();
        CompletableFuture<String> first = mine.takeAsync();
        soon(held.hit());
        struck(lost);
        assertThat(mine.poll()).contains("b");
        assertThat(server.values(name)).containsExactly("c");
        held.release();
        assertThat(soon(first)).isEqualTo("a");
        assertThat(server.items(name)).allMatch(item -> !item.order().contains("!"));
    }

    @Test
    void take_answerLost_cancelledWhileItIsFetched_isPutBack() throws Exception {
        theirs.offerAll(List.of("a", "b"));
        CallFault lost = here.faults.loseNextReply(LineRequests.takesOf(name));
        CallFault held = here.faults.next(fetch()).hold();
        CompletableFuture<String> first = mine.takeAsync();
        soon(held.hit());
        struck(lost);
        first.cancel(true);
        held.release();
        await().untilAsserted(() -> assertThat(server.values(name)).containsExactly("a", "b"));
    }

    @Test
    void take_answerLost_andCompactedMeanwhile_isUnknown() throws Exception {
        theirs.offerAll(List.of("a", "b"));
        CallFault lost = here.faults.loseNextReply(LineRequests.takesOf(name));
        CallFault held = here.faults.next(fetch()).hold();
        CompletableFuture<String> first = mine.takeAsync();
        soon(held.hit());
        struck(lost);
        server.compact();
        held.release();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(first))
                .havingCause()
                .isInstanceOf(OutcomeUnknownException.class)
                .withMessageContaining(name)
                .withMessageContaining("an item was taken");
        assertThat(mine.take()).isEqualTo("b");
    }
}
