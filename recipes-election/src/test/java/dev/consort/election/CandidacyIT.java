/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderElection.Leader;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Asking whether one leads, and being told, rather than being run while one does. */
@Execution(ExecutionMode.CONCURRENT)
class CandidacyIT {
    private static final Duration LONG = Duration.ofSeconds(10);

    private final String name = Peer.newName();
    private final Peer one = Peer.join();
    private final Peer two = Peer.join();
    private final SessionFactory sessions =
            SessionFactory.of(Session.builder(one.connection).ttl(Peer.LONG));
    private final Told told = new Told();

    /** What a listener was told, in order. */
    private static class Told implements Candidacy.Listener {
        final List<String> said = new CopyOnWriteArrayList<>();

        @Override
        public void onElected(Leadership leadership) {
            said.add("elected");
        }

        @Override
        public void onLost(LossReason reason) {
            said.add("lost " + reason);
        }

        void awaitSaid(String... all) {
            await().untilAsserted(() -> assertThat(said).containsExactly(all));
        }
    }

    @AfterEach
    void leave() {
        sessions.close();
        one.close();
        two.close();
    }

    private Candidacy stand(Candidacy.Listener listener) {
        return LeaderElection.create(sessions, name)
                .value("me")
                .pause(Duration.ofMillis(10))
                .stand(listener);
    }

    @Test
    void elected_lost_electedAgain_isToldInOrder() throws Exception {
        try (Candidacy candidacy = stand(told)) {
            Leadership first = candidacy.awaitLeadership(LONG).orElseThrow();
            assertThat(candidacy.isLeader()).isTrue();
            told.awaitSaid("elected");
            two.revoke(sessions.session().leaseId());
            told.awaitSaid("elected", "lost REVOKED", "elected");
            assertThat(first.isHeld()).isFalse();
            assertThat(candidacy.leadership().orElseThrow().token()).isGreaterThan(first.token());
            two.delete(two.claims(name).get(0).getKey().toString());
            told.awaitSaid("elected", "lost REVOKED", "elected", "lost CLAIM_REMOVED", "elected");
            candidacy.awaitLeadership(LONG).orElseThrow().resign();
            await().untilAsserted(
                            () -> assertThat(told.said).hasSizeGreaterThan(6).contains("lost CLOSED"));
        }
        assertThat(told.said.get(told.said.size() - 1)).isEqualTo("lost CLOSED");
    }

    @Test
    void waiting_standsBehindAndLeadsInTurn() throws Exception {
        Leadership other = two.election(name).campaign("other");
        try (Candidacy candidacy = stand(told)) {
            await().until(() -> two.election(name).participants().size() == 2);
            assertThat(two.election(name).participants())
                    .extracting(Leader::value)
                    .containsExactly("other", "me");
            assertThat(candidacy.isLeader()).isFalse();
            assertThat(candidacy.leadership()).isEmpty();
            assertThat(candidacy.awaitLeadership(Duration.ZERO)).isEmpty();
            assertThat(candidacy.awaitLeadership(Duration.ofMillis(20))).isEmpty();
            CompletableFuture<Optional<Leadership>> waiting = CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return candidacy.awaitLeadership(Duration.ofSeconds(Long.MAX_VALUE));
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    task -> new Thread(task).start());
            other.close();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isPresent();
            assertThat(two.election(name).leader()).map(Leader::value).hasValue("me");
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> candidacy.awaitLeadership(LONG));
        }
        assertThat(two.election(name).participants()).isEmpty();
    }

    @Test
    void close_tellsWhileItStillLeads_andEndsWhoWaits() throws Exception {
        CompletableFuture<String> leader = new CompletableFuture<>();
        Candidacy candidacy = stand(new Told() {
            @Override
            public void onLost(LossReason reason) {
                super.onLost(reason);
                leader.complete(two.election(name).leader().orElseThrow().value());
            }
        });
        assertThat(candidacy.awaitLeadership(LONG)).isPresent();
        candidacy.close();
        candidacy.close();
        assertThat(leader).isCompletedWithValue("me");
        assertThat(candidacy.isLeader()).isFalse();
        assertThat(candidacy.awaitLeadership(LONG)).isEmpty();
        assertThat(candidacy.loop().state()).isEqualTo(LeaderLoop.State.CLOSED);
        assertThat(two.claims(name)).isEmpty();
    }

    @Test
    void listener_thatSwallowsItsInterrupt_doesNotKeepItOpen() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Told swallowing = new Told() {
            @Override
            public void onElected(Leadership leadership) {
                said.add("elected");
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException ignored) {
                    said.add("interrupted");
                }
            }
        };
        Candidacy candidacy = stand(swallowing);
        assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
        candidacy.close();
        assertThat(candidacy.loop().state()).isEqualTo(LeaderLoop.State.CLOSED);
        assertThat(swallowing.said).containsExactly("elected", "interrupted", "lost CLOSED");
    }

    @Test
    void leadership_transferred_isOverAndToldSo() throws Exception {
        try (Candidacy candidacy = stand(told)) {
            Leadership leadership = candidacy.awaitLeadership(LONG).orElseThrow();
            CompletableFuture<Leadership> other = two.election(name).campaignAsync("other");
            await().until(() -> two.claims(name).size() == 2);
            assertThat(leadership.transfer("other", LONG)).isTrue();
            assertThat(candidacy.isLeader()).isFalse();
            told.awaitSaid("elected", "lost CLOSED");
            Peer.now(other).close();
        }
    }

    @Test
    void leadership_resigned_isLedNoMoreAtOnce() throws Exception {
        CompletableFuture<Candidacy> mine = new CompletableFuture<>();
        CompletableFuture<List<Boolean>> leads = new CompletableFuture<>();
        try (Candidacy candidacy = stand(new Told() {
            @Override
            public void onElected(Leadership leadership) {
                Candidacy self = mine.join();
                boolean before = self.isLeader();
                leadership.resign();
                leads.complete(List.of(before, self.isLeader()));
            }
        })) {
            mine.complete(candidacy);
            assertThat(leads.get(10, TimeUnit.SECONDS)).containsExactly(true, false);
        }
    }

    @Test
    void listener_thatThrows_letsOthersLead() throws Exception {
        CompletableFuture<Boolean> threw = new CompletableFuture<>();
        Told throwing = new Told() {
            @Override
            public void onElected(Leadership leadership) {
                super.onElected(leadership);
                if (threw.complete(true)) {
                    throw new IllegalStateException("cannot lead");
                }
            }

            @Override
            public void onLost(LossReason reason) {
                super.onLost(reason);
                throw new IllegalStateException("cannot end");
            }
        };
        try (Candidacy candidacy = stand(throwing)) {
            throwing.awaitSaid("elected", "elected");
            assertThat(candidacy.loop().failures()).isEqualTo(1);
            assertThat(candidacy.awaitLeadership(LONG)).isPresent();
            two.revoke(sessions.session().leaseId());
            throwing.awaitSaid("elected", "elected", "lost REVOKED", "elected");
            assertThat(candidacy.loop().failures()).isEqualTo(1);
        }
    }

    @Test
    void several_onOneSession_areElectionsOfTheirOwn() throws Exception {
        try (Candidacy mine = stand(told);
                Candidacy second = LeaderElection.create(sessions, name + "-2").stand(new Told());
                Candidacy rival =
                        LeaderElection.create(sessions, name).value("rival").stand(new Told())) {
            assertThat(second.awaitLeadership(LONG)).isPresent();
            await().until(() -> mine.isLeader() ^ rival.isLeader());
            await().until(() -> two.election(name).participants().size() == 2
                    || mine.loop().state() != rival.loop().state());
            assertThat(mine.isLeader() && rival.isLeader()).isFalse();
        }
    }
}
