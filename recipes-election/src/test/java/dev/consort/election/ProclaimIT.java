/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.putOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.core.OutcomeUnknownException;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallFault;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Proclaiming when requests and replies are lost or late: what was proclaimed last stays. */
@Execution(ExecutionMode.CONCURRENT)
class ProclaimIT {
    private final String name = Peer.newName();
    private Peer one;
    private Peer two;
    private Leadership leadership;

    @BeforeEach
    void lead() throws Exception {
        one = Peer.join();
        two = Peer.join();
        leadership = one.election(name).campaign("first");
    }

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    private String value() {
        return two.election(name).leader().map(Leader::value).orElse("");
    }

    @Test
    void proclaim_replyLost_trueAndApplied() {
        CallFault lost = one.faults.loseNextReply(putOf(one.key(name), "A"));
        assertThat(leadership.proclaim("A")).isTrue();
        now(lost.hit());
        assertThat(value()).isEqualTo("A");
        assertThat(leadership.proclaim("B")).isTrue();
        assertThat(value()).isEqualTo("B");
        assertThat(leadership.guard().txn().put("registers/" + name, "x").commit())
                .isTrue();
    }

    @Test
    void proclaim_requestLost_trueAndApplied() {
        CallFault lost = one.faults.loseNextRequest(putOf(one.key(name), "A"));
        assertThat(leadership.proclaim("A")).isTrue();
        now(lost.hit());
        assertThat(value()).isEqualTo("A");
    }

    @Test
    void proclaim_firstAttemptLandsLate_doesNotUndoALaterOne() {
        CallFault late = one.faults.next(putOf(one.key(name), "A")).hold();
        assertThat(leadership.proclaim("A")).isTrue();
        now(late.hit());
        assertThat(leadership.proclaim("B")).isTrue();
        late.release();
        assertThat(now(late.landed())).extracting(Status::isOk).isEqualTo(true);
        assertThat(value()).isEqualTo("B");
        assertThat(leadership.isHeld()).isTrue();
        assertThat(leadership.proclaim("C")).isTrue();
        assertThat(value()).isEqualTo("C");
    }

    @Test
    void proclaim_appliedTwice_doesNotUndoALaterOne() {
        CallFault twice = one.faults.next(putOf(one.key(name), "A")).duplicateOnRelease();
        assertThat(leadership.proclaim("A")).isTrue();
        assertThat(leadership.proclaim("B")).isTrue();
        twice.release();
        now(twice.landed());
        assertThat(value()).isEqualTo("B");
    }

    @Test
    void proclaim_noAnswerInTime_unknownAndALaterOneStillWins() {
        CallFault silent = one.faults.every(putOf(one.key(name), "A")).hangRequest();
        assertThatThrownBy(() -> leadership.proclaim("A"))
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContaining(name);
        assertThat(leadership.isHeld()).isTrue();
        CompletableFuture<Boolean> later = leadership.proclaimAsync("B");
        silent.stop();
        assertThat(now(later)).isTrue();
        assertThat(value()).isEqualTo("B");
    }

    @Test
    void proclaim_landsAfterTheNextLeaderCame_changesNothing() throws Exception {
        CallFault late = one.faults.every(putOf(one.key(name), "A")).hold();
        CompletableFuture<Boolean> proclaimed = leadership.proclaimAsync("A");
        now(late.hit());
        CompletableFuture<Leadership> next = two.election(name).campaignAsync("next");
        assertThat(leadership.resign()).isTrue();
        Leadership leader = now(next);
        late.release();
        now(late.landed());
        assertNotApplied(proclaimed);
        assertThat(value()).isEqualTo("next");
        assertThat(two.claims(name)).hasSize(1);
        leader.close();
        assertThat(two.claims(name)).isEmpty();
    }

    /** Also when the earlier leader leads again by then: the term is another one. */
    @Test
    void proclaim_landsInALaterTermOfTheSameSession_changesNothing() throws Exception {
        CallFault late = one.faults.every(putOf(one.key(name), "A")).hold();
        CompletableFuture<Boolean> proclaimed = leadership.proclaimAsync("A");
        now(late.hit());
        assertThat(leadership.resign()).isTrue();
        Leadership again = one.election(name).campaign("again");
        late.release();
        now(late.landed());
        assertNotApplied(proclaimed);
        assertThat(value()).isEqualTo("again");
        assertThat(again.isHeld()).isTrue();
    }

    @Test
    void proclaim_replyLostAndResignedMeanwhile_isNotCalledRefused() {
        CallFault lost = one.faults.next(putOf(one.key(name), "A")).loseReply();
        CallFault again = one.faults.next(putOf(one.key(name), "A")).hold();
        CompletableFuture<Boolean> proclaimed = leadership.proclaimAsync("A");
        now(lost.hit());
        assertThat(value()).isEqualTo("A");
        now(again.hit());
        assertThat(leadership.resign()).isTrue();
        again.release();
        assertThat(proclaimed)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(OutcomeUnknownException.class);
    }

    /** Refused, or unknown if it was tried again meanwhile. */
    private static void assertNotApplied(CompletableFuture<Boolean> proclaimed) {
        CompletableFuture<Boolean> refused = proclaimed.exceptionally(failure -> {
            assertThat(failure).isInstanceOf(OutcomeUnknownException.class);
            return false;
        });
        assertThat(now(refused)).isFalse();
    }

    /** S29: what observers see never goes back, whatever an earlier leader still sends. */
    @Test
    void observers_earlierLeaderProclaims_neverGoBack() throws Exception {
        List<Long> terms = new ArrayList<>();
        Leadership earlier = leadership;
        for (int round = 0; round < 10; round++) {
            Peer next = round % 2 == 0 ? two : one;
            CompletableFuture<Leadership> waiting = next.election(name).campaignAsync("leader" + round);
            await().until(() -> two.claims(name).size() == 2);
            CompletableFuture<Boolean> late = earlier.proclaimAsync("late" + round);
            CompletableFuture<Boolean> resigned = earlier.releaseAsync();
            Leadership now = now(waiting);
            terms.add(two.election(name).leader().orElseThrow().term());
            assertThat(earlier.proclaim("later" + round)).isFalse();
            assertThat(value()).isEqualTo("leader" + round);
            assertThat(now(resigned)).isTrue();
            assertThat(late).succeedsWithin(Duration.ofSeconds(5));
            earlier = now;
        }
        assertThat(terms).isSorted().doesNotHaveDuplicates();
    }
}
