/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.deletionOf;
import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionState;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallFault;
import io.etcd.jetcd.KeyValue;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** S4, S6, S30: keys deleted and overwritten under a leader or a candidate, and a resignation that is not answered. */
@Execution(ExecutionMode.CONCURRENT)
class OperatorIT {
    /** The promise is 250 ms; the rest is for a loaded machine. */
    private static final Duration SOON = Duration.ofMillis(1500);

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

    @Test
    void claimOfTheLeader_deleted_leadershipLostAndSessionLives() {
        CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
        two.delete(one.key(name));
        assertThat(lost).succeedsWithin(SOON).isEqualTo(LossReason.CLAIM_REMOVED);
        assertThat(leadership.isHeld()).isFalse();
        assertThat(leadership.proclaim("late")).isFalse();
        assertThat(leadership.guard().txn().put("registers/" + name, "late").commit())
                .isFalse();
        assertThat(leadership.resign()).isFalse();
        assertThat(one.session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(two.claims(name)).isEmpty();
    }

    @Test
    void claimOfTheLeader_deletedWhileAnotherWaits_thatOneLeads() throws Exception {
        CompletableFuture<Leadership> waiting = two.election(name).campaignAsync("second");
        await().until(() -> two.claims(name).size() == 2);
        CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
        two.delete(one.key(name));
        Leadership next = now(waiting);
        assertThat(lost).succeedsWithin(SOON);
        assertThat(next.token()).isGreaterThan(leadership.token());
        next.close();
        try (Leadership again = one.election(name).campaign("again")) {
            assertThat(again.token()).isGreaterThan(next.token());
        }
    }

    @Test
    void claimOfTheLeader_deletedBeforeAnything_proclaimAndGuardAreRefused() {
        two.delete(one.key(name));
        assertThat(leadership.proclaim("late")).isFalse();
        assertThat(two.election(name).leader()).isEmpty();
    }

    @Test
    void claimOfAWaiter_deleted_itsCampaignFailsNamingTheKey() {
        CompletableFuture<Leadership> waiting = two.election(name).campaignAsync("second");
        await().until(() -> two.claims(name).size() == 2);
        one.delete(two.key(name));
        assertThat(waiting)
                .failsWithin(SOON)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(RecipeException.class)
                .withMessageContaining(two.key(name));
        assertThat(leadership.isHeld()).isTrue();
        assertThat(two.session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(two.claims(name)).hasSize(1);
    }

    @Test
    void claimOfTheLeader_overwrittenWithoutTheLease_lostAndNotDeletedByUs() {
        CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
        two.put(one.key(name), "somebody's");
        assertThat(lost).succeedsWithin(SOON).isEqualTo(LossReason.CLAIM_REMOVED);
        assertThat(leadership.resign()).isFalse();
        leadership.close();
        one.session.close();
        assertThat(two.get(one.key(name))).isEqualTo("somebody's");
    }

    @Test
    void claimOfTheLeader_overwrittenJustBeforeItResigns_notDeletedByUs() throws Exception {
        for (int round = 0; round < 10; round++) {
            two.put(one.key(name), "somebody's");
            assertThat(leadership.resign()).isFalse();
            assertThat(two.get(one.key(name))).isEqualTo("somebody's");
            two.delete(one.key(name));
            leadership = one.election(name).campaign("again");
        }
    }

    @Test
    void claimOfTheLeader_deletedAndMadeAgain_lostAndNotDeletedByUs() {
        CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
        two.delete(one.key(name));
        two.put(one.key(name), "somebody's");
        assertThat(lost).succeedsWithin(SOON).isEqualTo(LossReason.CLAIM_REMOVED);
        assertThat(leadership.proclaim("late")).isFalse();
        assertThat(leadership.resign()).isFalse();
        assertThat(two.get(one.key(name))).isEqualTo("somebody's");
        assertThatThrownBy(() -> one.election(name).campaign("again"))
                .isInstanceOf(RecipeException.class)
                .hasMessageContaining(one.key(name));
    }

    @Test
    void claimAfterProclaim_overwritten_lost() {
        assertThat(leadership.proclaim("mine")).isTrue();
        CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
        two.put(one.key(name), "somebody's");
        assertThat(lost).succeedsWithin(SOON).isEqualTo(LossReason.CLAIM_REMOVED);
    }

    @Test
    void resign_replyLost_trueAndGone() throws Exception {
        CallFault lost = one.faults.loseNextReply(deletionOf(one.key(name)));
        assertThat(leadership.resign()).isTrue();
        now(lost.hit());
        assertThat(two.claims(name)).isEmpty();
        two.election(name).campaign("next", Duration.ZERO).orElseThrow().close();
    }

    @Test
    void resign_replyLostWhileAnotherWaits_thatOneLeads() throws Exception {
        CompletableFuture<Leadership> waiting = two.election(name).campaignAsync("second");
        await().until(() -> two.claims(name).size() == 2);
        CallFault lost = one.faults.loseNextReply(deletionOf(one.key(name)));
        assertThat(leadership.resign()).isTrue();
        now(lost.hit());
        now(waiting).close();
    }

    @Test
    void resign_requestLandsLate_laterTermStays() throws Exception {
        CallFault late = one.faults.next(deletionOf(one.key(name))).hold();
        assertThat(leadership.resign()).isTrue();
        now(late.hit());
        try (Leadership again = one.election(name).campaign("again")) {
            late.release();
            now(late.landed());
            assertThat(two.election(name).leader())
                    .map(Leader::term)
                    .contains(again.token().revision());
            assertThat(again.isHeld()).isTrue();
            assertThat(again.guard().txn().put("registers/" + name, "x").commit())
                    .isTrue();
        }
        assertThat(two.claims(name)).isEmpty();
    }

    /** The lease is renewed, and ghosts are looked for, every three seconds. */
    @Test
    void campaign_appliedAgainAfterAnOperatorDeletedTheClaim_isRemoved() throws Exception {
        try (Peer three = Peer.join(Duration.ofSeconds(9))) {
            CallFault ghost =
                    three.faults.next(Peer.putOf(three.key(name), "ghost")).duplicateOnRelease();
            CompletableFuture<Leadership> waiting = three.election(name).campaignAsync("ghost");
            await().until(() -> two.claims(name).size() == 2);
            two.delete(three.key(name));
            await().until(waiting::isCompletedExceptionally);
            ghost.release();
            now(ghost.landed());
            assertThat(two.claims(name)).hasSize(2);
            await().untilAsserted(() -> assertThat(two.claims(name)).hasSize(1));
            assertThat(leadership.isHeld()).isTrue();
        }
    }

    @Test
    void campaign_appliedAgainAfterItsResignation_nextTermHasItsOwnValue() throws Exception {
        assertThat(leadership.resign()).isTrue();
        CallFault ghost = one.faults.next(Peer.putOf(one.key(name), "ghost")).duplicateOnRelease();
        one.election(name).campaign("ghost").close();
        ghost.release();
        now(ghost.landed());
        KeyValue left = two.claims(name).get(0);
        assertThat(left.getLease()).isEqualTo(one.session.leaseId());

        try (Leadership next = one.election(name).campaign("next")) {
            Leader seen = two.election(name).leader().orElseThrow();
            assertThat(seen.value()).isEqualTo("next");
            assertThat(seen.term()).isEqualTo(next.token().revision());
            assertThat(Objects.equals(seen.key(), one.key(name))).isTrue();
        }
        await().untilAsserted(() -> assertThat(two.claims(name)).isEmpty());
    }
}
