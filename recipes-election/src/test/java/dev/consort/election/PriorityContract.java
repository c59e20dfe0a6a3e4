/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.RangeRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a priority promises, whatever server is behind it: others step back, and nobody is elected out of order. */
abstract class PriorityContract {
    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    private final String name = Peer.newName();
    private final List<Peer> peers = new ArrayList<>();
    private final Map<String, CompletableFuture<Leadership>> campaigns = new HashMap<>();
    private Leadership leadership;

    /** Another process. */
    abstract Peer join();

    @BeforeEach
    void enter() throws Exception {
        leadership = peer().election(name).campaign("leader");
    }

    private Peer peer() {
        peers.add(join());
        return peers.get(peers.size() - 1);
    }

    /** Another process campaigns, and has queued. */
    private void queue(String value, int priority) {
        queue(peer(), value, priority);
    }

    private void queue(Peer peer, String value, int priority) {
        campaign(peer, value, priority);
        await().until(() -> values().contains(value));
    }

    private void campaign(Peer peer, String value, int priority) {
        campaigns.put(value, peer.election(name).withPriority(priority).campaignAsync(value));
    }

    private CompletableFuture<Leadership> campaign(String value) {
        return Objects.requireNonNull(campaigns.get(value), value);
    }

    private void assertLeadInTurn(String... values) {
        for (String value : values) {
            assertThat(now(campaign(value)).resign()).isTrue();
        }
        await().untilAsserted(() -> assertThat(participants()).isEmpty());
    }

    private void assertWait(String... values) {
        assertThat(values).noneMatch(value -> campaign(value).isDone());
    }

    @AfterEach
    void leave() {
        peers.forEach(Peer::close);
    }

    private List<Leader> participants() {
        return peers.get(0).election(name).participants();
    }

    private List<String> values() {
        return participants().stream().map(Leader::value).toList();
    }

    private void awaitOrder(String... values) {
        await().untilAsserted(() -> assertThat(values()).containsExactly(values));
    }

    @Test
    void higher_behindLower_goesBeforeAllOfThemAndTheyAreNotForgotten() {
        queue("low1", 0);
        queue("low2", 2);
        queue("high", 5);
        await().untilAsserted(() -> assertThat(values())
                .startsWith("leader", "high")
                .containsExactlyInAnyOrder("leader", "high", "low1", "low2"));
        awaitOrder("leader", "high", "low2", "low1");
        assertThat(leadership.isHeld()).isTrue();
        assertWait("low1", "low2", "high");
        leadership.close();
        assertLeadInTurn("high", "low2", "low1");
    }

    @Test
    void equalOrLower_behindOthers_moveNobody() {
        queue("a", 3);
        queue("b", 3);
        List<Leader> before = participants();
        queue("c", 3);
        queue("d", 2);
        queue("e", 0);
        assertThat(participants()).startsWith(before.toArray(Leader[]::new));
        awaitOrder("leader", "a", "b", "c", "d", "e");
    }

    @Test
    void each_higherThanTheOneBefore_endUpInTheirOrder() {
        queue("p0", 0);
        queue("p1", 1);
        queue("p2", 2);
        queue("p3", Integer.MAX_VALUE);
        awaitOrder("leader", "p3", "p2", "p1", "p0");
    }

    @Test
    void foreignBetween_thoseBehindItStepBackAndTheOthersWhenItHasGone() {
        String foreign = name + "/7a3c"; // as a Go program writes it
        queue("first", 0);
        peers.get(0).put(foreign, "go");
        queue("second", 0);
        long place = participants().get(1).term();
        queue("high", 1);
        awaitOrder("leader", "first", "go", "high", "second");
        assertThat(participants().get(1).term()).as("it has not moved").isEqualTo(place);
        peers.get(0).delete(foreign);
        await().untilAsserted(
                        () -> assertThat(values()).startsWith("leader", "high").hasSize(4));
    }

    @Test
    void localCandidates_theHighestIsServedFirstAndSpeaksForAll() {
        Peer one = peer();
        queue("other", 1);
        queue(one, "low", 0);
        awaitOrder("leader", "other", "low");
        campaign(one, "middle", 2);
        campaign(one, "high", 7);
        await().untilAsserted(() -> assertThat(participants().get(1).leaseId()).isEqualTo(one.session.leaseId()));
        leadership.close();
        Leadership first = now(campaign("high"));
        assertThat(values()).startsWith("high");
        assertWait("low", "middle", "other");
        first.close();
        assertLeadInTurn("other", "middle", "low");
    }

    /** Who has stepped back for a transfer does not take it back by its priority. */
    @Test
    void transfer_overOneOfAHigherPriority_isNotThwarted() throws Exception {
        Peer high = peer();
        queue(high, "high", 5);
        queue("low", 0);
        queue("third", 0);
        Leader chosen = participants().get(2);
        CallFault last = peers.get(0)
                .faults
                .next(Peer.deletionOf(peers.get(0).key(name)))
                .hold();
        CallFault look = high.faults
                .next(CallMatcher.method("KV/Range")
                        .when(RangeRequest.class, range -> range.getMaxCreateRevision() > 0))
                .delay(Duration.ZERO);
        CompletableFuture<Boolean> transfer = leadership.transferAsync(chosen, Peer.LONG);
        now(last.hit());
        now(look.hit());
        await().untilAsserted(() -> assertThat(values()).containsExactly("leader", "low", "high", "third"));
        last.release();
        assertThat(now(transfer)).isTrue();
        assertLeadInTurn("low", "high", "third");
    }

    @Test
    void stepsBack_givenUpMeanwhile_leavesNothing() {
        Peer low = peer();
        queue(low, "low", 0);
        CallFault removal = low.faults.next(Peer.deletionOf(low.key(name))).hold();
        queue("high", 1);
        now(removal.hit());
        assertThat(campaign("low").cancel(false)).isTrue();
        removal.release();
        awaitOrder("leader", "high");
        leadership.close();
        await().untilAsserted(() -> assertThat(values()).containsExactly("high"));
    }

    @Test
    void answersLost_whileOthersAreAskedAndStepBack_comesToTheSame() {
        Peer low = peer();
        queue(low, "low", 0);
        Peer high = peer();
        String mailbox = "consort/session/" + Long.toHexString(low.session.leaseId()) + "/mail";
        CallFault asked = high.faults.loseNextReply(Peer.putOf(mailbox));
        CallFault removed = low.faults.loseNextReply(Peer.deletionOf(low.key(name)));
        queue(high, "high", 1);
        now(asked.hit());
        now(removed.hit());
        awaitOrder("leader", "high", "low");
        leadership.close();
        assertLeadInTurn("high", "low");
    }

    @Test
    void loop_withAPriority_isNext() throws Exception {
        queue("low", 0);
        LoopTask task = new LoopTask();
        try (SessionFactory sessions =
                        SessionFactory.of(Session.builder(peer().connection).ttl(Peer.LONG));
                LeaderLoop loop = LeaderElection.create(sessions, name)
                        .value("loop")
                        .priority(1)
                        .run(task)) {
            awaitOrder("leader", "loop", "low");
            leadership.close();
            assertThat(task.awaitStart().isHeld()).isTrue();
            assertThat(loop.terms()).isEqualTo(1);
        }
    }

    @Test
    void negative_refusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> peers.get(0).election(name).withPriority(-1))
                .withMessage("priority -1 is negative");
        try (SessionFactory sessions = SessionFactory.of(Session.builder(peers.get(0).connection))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LeaderElection.create(sessions, name).priority(-1));
        }
    }
}
