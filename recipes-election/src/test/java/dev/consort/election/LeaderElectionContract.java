/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.SessionLostException;
import dev.consort.election.LeaderElection.Leader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an election promises, whatever server is behind it. */
abstract class LeaderElectionContract {
    private static final Duration NO_TIME = Duration.ofMillis(150);

    private final String name = Peer.newName();
    private Peer one;
    private Peer two;

    /** Another process. */
    abstract Peer join();

    @BeforeEach
    void enter() {
        one = join();
        two = join();
    }

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    @Test
    void campaign_nobodyLeads_leadsAtOnce() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            assertThat(leadership.isHeld()).isTrue();
            assertThat(leadership.remaining()).isPositive();
            assertThat(two.election(name).leader())
                    .contains(new Leader("first", leadership.token().revision(), one.key(name), one.session.leaseId()));
        }
        assertThat(two.election(name).leader()).isEmpty();
    }

    @Test
    void leader_nobodyLeads_empty() {
        assertThat(one.election(name).leader()).isEmpty();
    }

    @Test
    void campaign_oneAfterAnother_termsStrictlyIncrease() throws Exception {
        List<FencingToken> terms = new ArrayList<>();
        for (int round = 0; round < 5; round++) {
            for (Peer peer : List.of(one, two, one)) {
                try (Leadership leadership = peer.election(name).campaign("v")) {
                    terms.add(leadership.token());
                }
            }
        }
        assertThat(terms).isSorted().doesNotHaveDuplicates();
        assertThat(terms).allSatisfy(term -> assertThat(term.sequence()).isZero());
    }

    @Test
    void campaign_anotherLeads_waitsUntilItResigns() throws Exception {
        Leadership first = one.election(name).campaign("first");
        Future<Leadership> second = inThread(() -> two.election(name).campaign("second"));
        await().until(() -> one.claims(name).size() == 2);

        assertThat(second.isDone()).isFalse();
        assertThat(one.election(name).leader()).map(Leader::value).contains("first");
        assertThat(first.resign()).isTrue();

        Leadership next = second.get(10, TimeUnit.SECONDS);
        assertThat(next.token()).isGreaterThan(first.token());
        assertThat(one.election(name).leader()).map(Leader::value).contains("second");
        next.close();
    }

    @Test
    void campaign_manyWait_ledInTheOrderOfTheirClaims() throws Exception {
        Leadership holder = one.election(name).campaign("holder");
        List<Peer> others = new ArrayList<>();
        List<CompletableFuture<Leadership>> waiting = new ArrayList<>();
        try {
            for (int i = 0; i < 6; i++) {
                Peer other = join();
                others.add(other);
                waiting.add(other.election(name).campaignAsync("w" + i));
                int queued = i + 2;
                await().until(() -> one.claims(name).size() == queued);
            }
            holder.close();
            for (int i = 0; i < 6; i++) {
                Leadership leadership = now(waiting.get(i));
                assertThat(waiting.subList(i + 1, 6)).noneMatch(CompletableFuture::isDone);
                assertThat(two.election(name).leader()).map(Leader::value).contains("w" + i);
                leadership.close();
            }
        } finally {
            others.forEach(Peer::close);
        }
    }

    @Test
    void campaignTimed_anotherLeads_emptyInTimeAndWithdrawn() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            long before = System.nanoTime();
            assertThat(two.election(name).campaign("second", NO_TIME)).isEmpty();
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isBetween(NO_TIME, NO_TIME.plusMillis(850));
            assertThat(leadership.isHeld()).isTrue();
            await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void campaignTimed_noTime_onlyIfNobodyLeads(long millis) throws Exception {
        Duration none = Duration.ofMillis(millis);
        try (Leadership leadership = one.election(name).campaign("first", none).orElseThrow()) {
            assertThat(leadership.isHeld()).isTrue();
            assertThat(two.election(name).campaign("second", none)).isEmpty();
            await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
        }
    }

    @Test
    void campaignTimed_leaderResignsInTime_leads() throws Exception {
        Leadership first = one.election(name).campaign("first");
        Future<Optional<Leadership>> second =
                inThread(() -> two.election(name).campaign("second", Duration.ofSeconds(30)));
        await().until(() -> one.claims(name).size() == 2);
        first.close();
        try (Leadership next = second.get(10, TimeUnit.SECONDS).orElseThrow()) {
            assertThat(next.isHeld()).isTrue();
        }
    }

    @Test
    void campaign_interruptedWhileWaiting_throwsAndWithdraws() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            Thread waiter = new Thread(() -> {
                try (Leadership unexpected = two.election(name).campaign("second")) {
                    thrown.complete(new AssertionError("elected: " + unexpected));
                } catch (InterruptedException | RuntimeException e) {
                    thrown.complete(e);
                }
            });
            waiter.start();
            await().until(() -> one.claims(name).size() == 2);
            waiter.interrupt();
            assertThat(now(thrown)).isInstanceOf(InterruptedException.class);
            await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
            assertThat(leadership.isHeld()).isTrue();
        }
    }

    @Test
    void campaign_interruptedBefore_throwsAndClaimsNothing() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> one.election(name).campaign("v")).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> one.election(name).campaign("v", Duration.ZERO))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(one.claims(name)).isEmpty();
    }

    @Test
    void campaignAsync_cancelledWhileWaiting_withdraws() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            CompletableFuture<Leadership> second = two.election(name).campaignAsync("second");
            await().until(() -> one.claims(name).size() == 2);
            assertThat(second.cancel(false)).isTrue();
            await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
            assertThat(leadership.isHeld()).isTrue();
        }
    }

    @Test
    void campaignAsync_orTimeout_withdraws() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            CompletableFuture<Leadership> second =
                    two.election(name).campaignAsync("second").orTimeout(NO_TIME.toMillis(), TimeUnit.MILLISECONDS);
            await().until(second::isCompletedExceptionally);
            await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
            assertThat(leadership.isHeld()).isTrue();
        }
    }

    @Test
    void campaignAsync_completedBySomebodyElse_withdraws() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            CompletableFuture<Leadership> second = two.election(name).campaignAsync("second");
            await().until(() -> one.claims(name).size() == 2);
            assertThat(second.complete(leadership)).isTrue();
            await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
            assertThat(leadership.isHeld()).isTrue();
        }
    }

    @Test
    void proclaim_asLeader_changesTheValueOnly() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            assertThat(leadership.proclaim("second")).isTrue();
            assertThat(now(leadership.proclaimAsync("third"))).isTrue();
            assertThat(two.election(name).leader())
                    .contains(new Leader("third", leadership.token().revision(), one.key(name), one.session.leaseId()));
            assertThat(leadership.isHeld()).isTrue();
        }
    }

    @Test
    void proclaim_severalAtOnce_inTheOrderOfTheCalls() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            List<CompletableFuture<Boolean>> proclaimed = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                proclaimed.add(leadership.proclaimAsync("v" + i));
            }
            proclaimed.forEach(done -> assertThat(now(done)).isTrue());
            assertThat(two.election(name).leader()).map(Leader::value).contains("v19");
        }
    }

    @Test
    void guard_afterProclaim_stillCommits() throws Exception {
        String register = "registers/" + name;
        try (Leadership leadership = one.election(name).campaign("first")) {
            assertThat(leadership.proclaim("second")).isTrue();
            assertThat(leadership.guard().txn().put(register, "mine").commit()).isTrue();
        }
        assertThat(two.get(register)).isEqualTo("mine");
    }

    @Test
    void guard_afterResign_refused() throws Exception {
        String register = "registers/" + name;
        Leadership leadership = one.election(name).campaign("first");
        assertThat(leadership.resign()).isTrue();
        assertThat(leadership.guard().txn().put(register, "late").commit()).isFalse();
        assertThat(two.get(register)).isEmpty();
    }

    @Test
    void resign_twice_falseTheSecondTime() throws Exception {
        Leadership leadership = one.election(name).campaign("first");
        assertThat(leadership.resign()).isTrue();
        assertThat(leadership.resign()).isFalse();
        assertThat(leadership.isHeld()).isFalse();
        assertThat(leadership.remaining()).isZero();
        assertThat(leadership.proclaim("late")).isFalse();
        leadership.close();
    }

    @Test
    void resign_again_leavesALaterLeadershipAlone() throws Exception {
        Leadership earlier = one.election(name).campaign("first");
        earlier.close();
        try (Leadership later = one.election(name).campaign("second")) {
            assertThat(earlier.resign()).isFalse();
            assertThat(later.isHeld()).isTrue();
            assertThat(two.election(name).leader())
                    .map(Leader::term)
                    .contains(later.token().revision());
        }
    }

    @Test
    void lost_resigned_neverCompletes() throws Exception {
        Leadership leadership = one.election(name).campaign("first");
        CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
        leadership.close();
        one.session.close();
        assertThat(lost).isNotDone();
    }

    @Test
    void session_closed_leadershipIsLostAndWaitersFail() throws Exception {
        Leadership leadership = one.election(name).campaign("first");
        CompletableFuture<Leadership> waiting = one.election(name).campaignAsync("second");
        CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
        one.session.close();
        assertThat(now(lost)).isEqualTo(LossReason.CLOSED);
        assertThat(leadership.isHeld()).isFalse();
        assertThat(leadership.resign()).isFalse();
        assertThatThrownBy(waiting::join).hasCauseInstanceOf(SessionLostException.class);
        assertThatThrownBy(() -> one.election(name).campaign("v")).isInstanceOf(SessionLostException.class);
        assertThat(two.election(name).leader()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/e", "e/", "a//b"})
    void create_badName_refusedWithTheName(String bad) {
        assertThatThrownBy(() -> one.election(bad))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + bad + "'");
    }

    @Test
    void campaign_badValue_refusedAtOnce() throws Exception {
        LeaderElection election = one.election(name);
        assertThatThrownBy(() -> election.campaign("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> election.campaignAsync("")).isInstanceOf(IllegalArgumentException.class);
        try (Leadership leadership = election.campaign("first")) {
            assertThatThrownBy(() -> leadership.proclaim("")).isInstanceOf(IllegalArgumentException.class);
            assertThat(leadership.isHeld()).isTrue();
        }
        assertThat(election.name()).isEqualTo(name);
        assertThat(election.toString()).contains(name);
    }

    @Test
    void campaign_nameNestsWithOneInUse_refused() throws Exception {
        try (Leadership leadership = one.election(name).campaign("first")) {
            assertThatThrownBy(() -> one.election(name + "/sub").campaign("v"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(name + "/sub");
            assertThat(leadership.isHeld()).isTrue();
        }
    }

    private interface Action<T> {
        T run() throws Exception;
    }

    private static <T> Future<T> inThread(Action<T> action) {
        FutureTask<T> task = new FutureTask<>(() -> {
            return action.run();
        });
        Thread thread = new Thread(task, "candidate");
        thread.setDaemon(true);
        thread.start();
        return task;
    }
}
