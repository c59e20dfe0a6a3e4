/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a transfer of leadership promises, whatever server is behind it: nobody out of order, and nobody forgotten. */
abstract class TransferContract {
    static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(150);

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    final String name = Peer.newName();
    final List<Peer> peers = new ArrayList<>();
    final List<CompletableFuture<Leadership>> waiting = new ArrayList<>();
    Leadership leadership;

    /** Another process. */
    abstract Peer join();

    /** One leads, and the others wait in their order. */
    @BeforeEach
    void enter() throws Exception {
        peers.add(join());
        leadership = peers.get(0).election(name).campaign("p0");
        waiting.add(CompletableFuture.completedFuture(leadership));
        queue();
        queue();
        queue();
    }

    void queue() {
        int number = peers.size();
        int before = revisions().size();
        peers.add(join());
        waiting.add(peers.get(number).election(name).campaignAsync("p" + number));
        await().until(() -> revisions().size() > before);
    }

    @AfterEach
    void leave() {
        peers.forEach(Peer::close);
    }

    private List<String> values() {
        return participants().stream().map(Leader::value).toList();
    }

    private List<Leader> participants() {
        return peers.get(0).election(name).participants();
    }

    private Leader participant(int number) {
        return participants().stream()
                .filter(one -> one.value().equals("p" + number))
                .findFirst()
                .orElseThrow();
    }

    private List<Long> revisions() {
        return peers.get(0).claims(name).stream()
                .map(KeyValue::getCreateRevision)
                .toList();
    }

    private void assertStillLeads() {
        assertThat(leadership.isHeld()).isTrue();
        assertThat(participants().get(0).term()).isEqualTo(leadership.token().revision());
        assertThat(leadership.guard().txn().put("registers/" + name, "x").commit())
                .isTrue();
        assertThat(leadership.proclaim("p0")).isTrue();
    }

    /** All that wait lead in turn, each as it resigns the next. */
    private void assertAllLeadInTurn(int... numbers) {
        for (int number : numbers) {
            Leadership next = now(waiting.get(number));
            assertThat(values().get(0)).isEqualTo("p" + number);
            assertThat(next.resign()).isTrue();
        }
        await().untilAsserted(() -> assertThat(participants()).isEmpty());
    }

    private CallFault deafen(int number) {
        return peers.get(number).deafen();
    }

    @Test
    void transfer_toTheNext_leadsWithItsOwnClaim() throws Exception {
        long claim = participant(1).term();
        assertThat(leadership.transfer(participant(1), Duration.ZERO)).isTrue();
        assertThat(leadership.isHeld()).isFalse();
        assertThat(leadership.resign()).isFalse();
        assertThat(leadership.transfer(participant(2), LONG)).isFalse();
        assertThat(now(waiting.get(1)).token().revision()).isEqualTo(claim);
        assertThat(leadership.lost().toCompletableFuture()).isNotDone();
        assertThat(values()).containsExactly("p1", "p2", "p3");
        assertAllLeadInTurn(1, 2, 3);
    }

    @Test
    void transfer_othersBetween_stepBackAndAreNotForgotten() throws Exception {
        CompletableFuture<Leadership> second = peers.get(1).election(name).campaignAsync("second of p1");
        long claim = participant(3).term();
        assertThat(leadership.transfer("p3", LONG)).isTrue();
        Leadership third = now(waiting.get(3));
        assertThat(third.token().revision()).isEqualTo(claim);
        await().untilAsserted(() -> assertThat(values()).containsExactlyInAnyOrder("p3", "p1", "p2"));
        assertThat(values().get(0)).isEqualTo("p3");
        assertThat(List.of(waiting.get(1), waiting.get(2), second)).noneMatch(CompletableFuture::isDone);
        assertThat(revisions().get(1)).isGreaterThan(claim);

        boolean oneIsFirst = values().get(1).equals("p1");
        third.close();
        Leadership next = now(waiting.get(oneIsFirst ? 1 : 2));
        assertThat(next.transfer(participant(oneIsFirst ? 2 : 1), Duration.ZERO))
                .isTrue();
        Leadership last = now(waiting.get(oneIsFirst ? 2 : 1));
        last.close();
        now(second).close();
        assertThat(participants()).isEmpty();
    }

    @Test
    void transfer_byAValueThatNobodyOrSeveralHave_refused() throws Exception {
        assertThatExceptionOfType(TransferRefusedException.class)
                .isThrownBy(() -> leadership.transfer("p0", LONG))
                .withMessageContaining("nobody who waits has the value 'p0'");
        peers.add(join());
        CompletableFuture<Leadership> twin = peers.get(4).election(name).campaignAsync("p3");
        await().until(() -> participants().size() == 5);
        assertThatExceptionOfType(TransferRefusedException.class)
                .isThrownBy(() -> leadership.transfer("p3", LONG))
                .withMessageContaining("2 of those who wait");
        assertStillLeads();
        twin.cancel(false);
    }

    @Test
    void transfer_foreignCandidateBetween_refusedWithItsKeyAndNobodyMoves() {
        String foreign = name + "/7a3c"; // as a Go program writes it
        peers.get(0).put(foreign, "go");
        queue();
        List<Long> before = revisions();
        assertThatExceptionOfType(TransferRefusedException.class)
                .isThrownBy(() -> leadership.transfer(participant(4), LONG))
                .withMessageContaining("'" + foreign + "'")
                .matches(refused -> refused.key().equals(foreign));
        assertThat(revisions()).isEqualTo(before);
        assertStillLeads();
        peers.get(0).delete(foreign);
    }

    @Test
    void transfer_toAForeignCandidate_thoseOfOursBetweenStepBack() throws Exception {
        String foreign = name + "/7a3c";
        peers.get(0).put(foreign, "go");
        queue();
        assertThat(leadership.transfer("go", LONG)).isTrue();
        await().untilAsserted(() ->
                assertThat(values()).hasSize(5).startsWith("go", "p4").contains("p1", "p2", "p3"));
        assertThat(waiting.subList(1, 5)).noneMatch(CompletableFuture::isDone);
        peers.get(0).delete(foreign);
        assertThat(now(waiting.get(4)).resign()).isTrue();
    }

    @Test
    void transfer_theChosenOneHasGone_refusedAndTheLeaderStays() throws Exception {
        Leader gone = participant(2);
        waiting.get(2).cancel(false);
        await().until(() -> participants().size() == 3);
        assertThatExceptionOfType(TransferRefusedException.class)
                .isThrownBy(() -> leadership.transfer(gone, LONG))
                .withMessageContaining(gone.key())
                .withMessageContaining("term " + gone.term());
        assertStillLeads();
        assertThat(leadership.resign()).isTrue();
        assertAllLeadInTurn(1, 3);
    }

    @Test
    void transfer_theChosenOneGoesMeanwhile_refusedAndTheLeaderStays() throws Exception {
        deafen(1); // so that it does not step back
        CompletableFuture<Boolean> transfer = leadership.transferAsync(participant(3), LONG);
        await().until(() -> values().equals(List.of("p0", "p1", "p3", "p2")));
        waiting.get(3).cancel(false);
        assertRefused(transfer, "has gone", "not there any more");
        assertStillLeads();
    }

    private static void assertRefused(CompletableFuture<Boolean> transfer, String what, String why) {
        await().until(transfer::isDone);
        assertThatExceptionOfType(CompletionException.class)
                .as(what)
                .isThrownBy(transfer::join)
                .withCauseInstanceOf(TransferRefusedException.class)
                .withMessageContaining(why);
    }

    @Test
    void transfer_theChosenOneGoesAtTheLastStep_refusedAndTheLeaderStays() throws Exception {
        CallFault last = peers.get(0)
                .faults
                .next(Peer.deletionOf(peers.get(0).key(name)))
                .hold();
        CompletableFuture<Boolean> transfer = leadership.transferAsync(participant(1), LONG);
        now(last.hit());
        assertThat(leadership.isHeld()).isFalse();
        waiting.get(1).cancel(false);
        await().until(() -> participants().size() == 3);
        last.release();
        assertRefused(transfer, "has gone", "not there any more");
        assertStillLeads();
        assertThat(leadership.resign()).isTrue();
        assertAllLeadInTurn(2, 3);
    }

    @Test
    void transfer_oneBetweenDoesNotStepBack_falseInTimeAndTheLeaderStays() throws Exception {
        CallFault deaf = deafen(1);
        assertThat(leadership.transfer(participant(2), SHORT)).isFalse();
        assertStillLeads();
        deaf.stop();
        assertThat(leadership.transfer("p2", LONG)).as("asked again").isTrue();
        assertThat(now(waiting.get(2)).resign()).isTrue();
        assertAllLeadInTurn(3, 1);
    }

    @Test
    void transfer_oneBetweenGoes_isNotWaitedFor() throws Exception {
        deafen(1);
        CompletableFuture<Boolean> transfer = leadership.transferAsync(participant(2), LONG);
        now(peers.get(0).client.getLeaseClient().revoke(peers.get(1).session.leaseId()));
        assertThat(now(transfer)).isTrue();
        assertAllLeadInTurn(2, 3);
    }

    @Test
    void transfer_noTimeAndOneBetween_falseAndNobodyMoves() throws Exception {
        List<Long> before = revisions();
        assertThat(leadership.transfer(participant(2), Duration.ZERO)).isFalse();
        assertThat(revisions()).isEqualTo(before);
        assertStillLeads();
    }

    @Test
    void transfer_toOneselfOrToNobody_refusedAtOnce() {
        Leader self = participant(0);
        Leader stale = new Leader("p0", self.term() - 1, self.key(), self.leaseId());
        Leader elsewhere = new Leader("v", 5, "elections/other/7a3c", 0x7a3c);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> leadership.transfer(self, LONG))
                .withMessageContaining(self.key());
        assertThatIllegalArgumentException().isThrownBy(() -> leadership.transferAsync(stale, LONG));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> leadership.transfer(elsewhere, LONG))
                .withMessageContaining("elections/other/7a3c");
        assertThatIllegalArgumentException().isThrownBy(() -> leadership.transfer("", LONG));
        assertStillLeads();
    }

    @Test
    void transfer_interrupted_theLeaderStays() throws Exception {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> leadership.transfer(participant(1), LONG));
        deafen(1);
        Leader chosen = participant(2);
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                thrown.complete(new AssertionError("passed: " + leadership.transfer(chosen, LONG)));
            } catch (InterruptedException | RuntimeException e) {
                thrown.complete(e);
            }
        });
        thread.start();
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        thread.interrupt();
        assertThat(now(thrown)).isInstanceOf(InterruptedException.class);
        assertStillLeads();
    }

    @Test
    void transfer_interruptedAtTheLastStep_passedWithTheFlagSet() throws Exception {
        CallFault last = peers.get(0)
                .faults
                .next(Peer.deletionOf(peers.get(0).key(name)))
                .hold();
        Leader chosen = participant(1);
        CompletableFuture<List<Boolean>> passed = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                passed.complete(List.of(
                        leadership.transfer(chosen, LONG),
                        Thread.currentThread().isInterrupted()));
            } catch (InterruptedException | RuntimeException e) {
                passed.completeExceptionally(e);
            }
        });
        thread.start();
        now(last.hit());
        thread.interrupt();
        last.release();
        assertThat(now(passed)).containsExactly(true, true);
        assertAllLeadInTurn(1, 2, 3);
    }

    @Test
    void transfer_closedMeanwhile_falseAndTheNextInOrderLeads() throws Exception {
        deafen(1); // until it leads: what it is asked may come after p2 has stepped back
        CompletableFuture<Boolean> transfer = leadership.transferAsync(participant(3), LONG);
        await().until(() -> values().equals(List.of("p0", "p1", "p3", "p2")));
        assertThat(leadership.resign()).isTrue();
        assertThat(now(transfer)).isFalse();
        assertAllLeadInTurn(1, 3, 2);
    }

    @Test
    void transfer_sessionLostMeanwhile_false() throws Exception {
        deafen(1);
        CompletableFuture<Boolean> transfer = leadership.transferAsync(participant(2), LONG);
        peers.get(1).revoke(peers.get(0).session.leaseId());
        assertThat(now(transfer)).isFalse();
        assertThat(leadership.isHeld()).isFalse();
        peers.get(1).faults.clear();
        assertThat(now(waiting.get(1)).isHeld()).isTrue();
    }

    @Test
    void transfer_anotherUnderWay_refusedUntilThatIsGivenUp() throws Exception {
        deafen(1);
        CompletableFuture<Boolean> first = leadership.transferAsync(participant(2), LONG);
        assertThatExceptionOfType(TransferRefusedException.class)
                .isThrownBy(() -> leadership.transfer(participant(1), LONG))
                .withMessageContaining("another transfer");
        assertThat(first.cancel(false)).isTrue();
        assertStillLeads();
        assertThat(leadership.transfer(participant(1), LONG)).isTrue();
        peers.get(1).faults.clear();
        now(waiting.get(1)).close();
    }

    @Test
    void transfer_replyOfTheLastStepLost_isPassedOnOnce() throws Exception {
        CallFault lost =
                peers.get(0).faults.loseNextReply(Peer.deletionOf(peers.get(0).key(name)));
        assertThat(leadership.transfer(participant(2), LONG)).isTrue();
        now(lost.hit());
        assertAllLeadInTurn(2, 3, 1);
    }

    @Test
    void transfer_requestOfTheLastStepLostOrLate_isPassedOnOnce() throws Exception {
        CallFault late = peers.get(0)
                .faults
                .next(Peer.deletionOf(peers.get(0).key(name)))
                .landOnRelease();
        assertThat(leadership.transfer(participant(1), LONG)).isTrue();
        late.release();
        now(late.landed());
        assertAllLeadInTurn(1, 2, 3);
    }

    @Test
    void transfer_guardedWriteInFlight_isWaitedForOrTheTransferGivenUp() throws Exception {
        CallFault held = peers.get(0)
                .faults
                .next(CallMatcher.method("KV/Txn")
                        .when(TxnRequest.class, txn -> txn.toString().contains("registers/" + name)))
                .hold();
        CompletableFuture<Boolean> write =
                leadership.guard().txn().put("registers/" + name, "mine").commitAsync();
        now(held.hit());
        assertThat(leadership.transfer(participant(1), SHORT)).isFalse();
        assertThat(leadership.isHeld()).isTrue();
        CompletableFuture<Boolean> transfer = leadership.transferAsync(participant(1), LONG);
        held.release();
        assertThat(now(write)).isTrue();
        assertThat(now(transfer)).isTrue();
        assertThat(leadership.guard().txn().put("registers/" + name, "late").commit())
                .isFalse();
        assertAllLeadInTurn(1, 2, 3);
        assertThat(peers.get(0).get("registers/" + name)).isEqualTo("mine");
    }
}
