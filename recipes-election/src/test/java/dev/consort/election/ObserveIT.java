/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.FaultProxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What observers are told, and what they cost. */
class ObserveIT {
    private final String name = Peer.newName();
    private final Sightings seen = new Sightings();
    private Peer one;
    private Peer two;

    @BeforeEach
    void join() {
        one = Peer.join();
        two = Peer.join();
    }

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    private static Observation ready(Observation observation) {
        now(observation.ready().toCompletableFuture());
        return observation;
    }

    private void awaitSeen(String... values) {
        await().untilAsserted(() -> assertThat(seen.values()).containsExactly(values));
    }

    @Test
    void observe_everyLeaderAndNobodyAndProclaims_areToldInOrder() throws Exception {
        Observation observation = ready(two.election(name).observe(seen));
        awaitSeen("-");
        assertThat(observation.isCurrent()).isTrue();
        assertThat(observation.leader()).isEmpty();

        Leadership first = one.election(name).campaign("first");
        awaitSeen("-", "first");
        assertThat(observation.leader())
                .contains(new Leader("first", first.token().revision(), one.key(name), one.session.leaseId()));
        assertThat(first.proclaim("proclaimed")).isTrue();
        awaitSeen("-", "first", "proclaimed");
        CompletableFuture<Leadership> next = two.election(name).campaignAsync("second");
        await().until(() -> one.claims(name).size() == 2);
        first.close();
        now(next).close();
        awaitSeen("-", "first", "proclaimed", "second", "-");
        seen.assertNeverWentBack();

        observation.close();
        observation.close();
        assertThat(observation.isCurrent()).isFalse();
        one.election(name).campaign("later").close();
        ready(two.election(name).observe(new Sightings())).close();
        awaitSeen("-", "first", "proclaimed", "second", "-");
    }

    @Test
    void observe_somebodyLeads_isToldAtOnce() throws Exception {
        try (Leadership leader = one.election(name).campaign("leader");
                Observation observation = ready(LeaderElection.observe(two.connection, name, seen))) {
            awaitSeen("leader");
            assertThat(observation.leader())
                    .map(Leader::term)
                    .contains(leader.token().revision());
        }
    }

    /** Who waits behind the leader, or gives up waiting, is no news. */
    @Test
    void observe_candidatesComeAndGo_isNotTold() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        ready(LeaderElection.observe(one.connection, name, seen));
        CompletableFuture<Leadership> waiting = two.election(name).campaignAsync("waiting");
        await().until(() -> one.claims(name).size() == 2);
        assertThat(waiting.cancel(false)).isTrue();
        await().until(() -> one.claims(name).size() == 1);
        assertThat(leader.proclaim("still")).isTrue();
        awaitSeen("leader", "still");
        leader.close();
    }

    /** The connection is cut every 40 changes, at any byte, and nothing was compacted: none may be missing. */
    @Test
    void observe_thousandLeadersWithTheStreamCut_areAllToldInOrder() throws Exception {
        List<Long> terms = new ArrayList<>();
        LeaderElection election = one.election(name);
        try (FaultProxy proxy = FaultProxy.to(Peer.etcd().endpoints().get(0));
                Peer cut = Peer.through(proxy.endpoint(), Peer.LONG)) {
            ready(cut.election(name).observe(seen));
            for (int i = 0; i < 1_000; i++) {
                try (Leadership leader = election.campaign("leader" + i)) {
                    terms.add(leader.token().revision());
                }
                if (i % 40 == 0) {
                    proxy.reset();
                }
                if (i % 200 == 199) { // more than a buffer behind, and it would be told a snapshot
                    await().until(() -> seen.terms().size() == terms.size());
                }
            }
            await().until(() -> seen.last().equals("-") && seen.terms().size() == terms.size());
            assertThat(cut.log.counts().streamsOpened("Watch/Watch")).isGreaterThan(20);
        }
        assertThat(seen.terms()).isEqualTo(terms);
        assertThat(seen.count()).isEqualTo(2_001);
        seen.assertNeverWentBack();
    }

    @Test
    void thousandObservers_ofANameInOneProcess_costOneWatchAndOneRead() throws Exception {
        CallCounts before = two.log.counts();
        List<Observation> observations = new ArrayList<>();
        List<Sightings> all = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            Sightings each = new Sightings();
            all.add(each);
            observations.add(
                    i % 2 == 0 ? two.election(name).observe(each) : LeaderElection.observe(two.connection, name, each));
        }
        observations.forEach(ObserveIT::ready);
        one.election(name).campaign("leader").close();
        await().until(() -> all.stream().allMatch(each -> each.count() == 3));
        assertThat(all).allSatisfy(each -> assertThat(each.values()).containsExactly("-", "leader", "-"));
        CallCounts spent = two.log.counts().since(before);
        assertThat(spent.watchCreates()).isEqualTo(1);
        assertThat(spent.streamsOpened("Watch/Watch")).isZero();
        assertThat(spent.unaryCalls()).as(spent.toString()).isEqualTo(1);
        long open = two.log.counts().watchesOpen();
        observations.forEach(Observation::close);
        await().until(() -> two.log.counts().watchesOpen() == open - 1);
    }

    @Test
    void listener_throws_isToldTheNextReportAllTheSame() throws Exception {
        ready(two.election(name).observe(leader -> {
            seen.accept(leader);
            throw new IllegalStateException("by the test");
        }));
        one.election(name).campaign("leader").close();
        awaitSeen("-", "leader", "-");
    }

    @Test
    void listener_closesItsObservation_isToldNothingMore() throws Exception {
        CompletableFuture<Observation> own = new CompletableFuture<>();
        own.complete(two.election(name).observe(leader -> {
            seen.accept(leader);
            own.join().close();
        }));
        ready(own.join());
        one.election(name).campaign("leader").close();
        Sightings other = new Sightings();
        ready(two.election(name).observe(other));
        awaitSeen("-");
        assertThat(other.values()).containsExactly("-");
    }

    /** S37: others of the same connection are told meanwhile. */
    @Test
    void listener_blocks_holdsUpNobodyElse() throws Exception {
        CountDownLatch blocked = new CountDownLatch(1);
        two.election(name).observe(leader -> awaitQuietly(blocked));
        ready(two.election(name).observe(seen));
        one.election(name).campaign("leader").close();
        awaitSeen("-", "leader", "-");
        blocked.countDown();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void sessionLost_observationGoesOn() throws Exception {
        Observation observation = ready(two.election(name).observe(seen));
        CompletionStage<?> lost = two.session.lost();
        one.revoke(two.session.leaseId());
        await().until(() -> lost.toCompletableFuture().isDone());
        one.election(name).campaign("leader").close();
        awaitSeen("-", "leader", "-");
        assertThat(observation.isCurrent()).isTrue();
    }

    @Test
    void connectionClosed_isToldNothingMoreAndRefusesObservers() throws Exception {
        Connection connection = Connection.to(Peer.etcd().endpoints().get(0)).open();
        try (Observation observation = ready(LeaderElection.observe(connection, name, seen))) {
            connection.close();
            one.election(name).campaign("leader").close();
            awaitSeen("-");
            assertThat(observation).hasToString("Observation of LeaderElection '" + name + "'");
        }
        assertThatIllegalStateException().isThrownBy(() -> LeaderElection.observe(connection, name, seen));
    }

    @Test
    void badName_isRefusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LeaderElection.observe(one.connection, "a//b", seen))
                .withMessageContaining("a//b");
    }

    /** Names that begin alike are two elections. */
    @Test
    void nameThatBeginsLikeAnother_isNotMistakenForIt() throws Exception {
        ready(LeaderElection.observe(two.connection, name, seen));
        one.election(name + "b").campaign("other").close();
        one.election(name).campaign("leader").close();
        awaitSeen("-", "leader", "-");
    }

    @Test
    void namespace_isNotInTheReport() throws Exception {
        try (Connection inside = Connection.to(Peer.etcd().endpoints().get(0))
                        .namespace("inside/")
                        .open();
                Session session = Session.builder(inside).open();
                Observation observation = ready(LeaderElection.observe(inside, name, seen));
                Leadership leader = LeaderElection.create(session, name).campaign("inside")) {
            await().until(() -> observation.leader().isPresent());
            assertThat(observation.leader().map(Leader::key))
                    .isEqualTo(Optional.of(name + "/" + Long.toHexString(session.leaseId())));
            assertThat(leader.isHeld()).isTrue();
        }
    }
}
