/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.election.LeaderLoop.State;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.Staircase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A loop in each of its states, and what ends the leadership in them. */
class LeaderLoopIT {
    /** The promise is at once; the rest is for a loaded machine. */
    private static final Duration SOON = Duration.ofSeconds(4);

    private final String name = Peer.newName();
    private final LoopTask task = new LoopTask();
    private Peer one;
    private Peer two;
    private SessionFactory sessions;

    @BeforeEach
    void join() {
        one = Peer.join();
        two = Peer.join();
        sessions = SessionFactory.of(Session.builder(one.connection).ttl(Peer.LONG));
    }

    @AfterEach
    void leave() {
        sessions.close();
        one.close();
        two.close();
    }

    private LeaderLoop loop(LeaderLoop.Task what) {
        return LeaderElection.create(sessions, name)
                .value("loop")
                .pause(Duration.ofMillis(20))
                .run(what);
    }

    private void assertNobodyLeads() {
        assertThat(two.claims(name)).isEmpty();
    }

    @Test
    void run_asDesigned_inOneLine() throws Exception {
        try (LeaderLoop loop = LeaderElection.create(sessions, name).run(task)) {
            Leadership leadership = task.awaitStart();
            assertThat(leadership.isHeld()).isTrue();
            assertThat(loop.state()).isEqualTo(State.LEADING);
            assertThat(two.election(name).leader())
                    .map(Leader::value)
                    .hasValueSatisfying(value -> assertThat(value).matches("host=\\S+ pid=\\d+"));
        }
        assertThat(task.awaitEnd()).isEqualTo("interrupted");
    }

    @Test
    void task_itsThread_isADaemonOfThisLoopAlone() throws Exception {
        LoopTask other = new LoopTask();
        try (LeaderLoop loop = loop(task);
                LeaderLoop second = LeaderElection.create(sessions, name + "b").run(other)) {
            task.awaitStart();
            other.awaitStart();
            assertThat(task.thread.isDaemon()).isTrue();
            assertThat(task.thread.getName()).contains("leader").contains(name);
            assertThat(other.thread).isNotEqualTo(task.thread);
            assertThat(loop).hasToString("LeaderLoop '" + name + "'");
            assertThat(second.state()).isEqualTo(State.LEADING);
        }
        await().until(() -> !task.thread.isAlive() && !other.thread.isAlive());
    }

    @Test
    void task_returns_othersLeadAndItCampaignsAgainWithAHigherTerm() throws Exception {
        try (LeaderLoop loop = loop(task)) {
            Leadership first = task.awaitStart();
            CompletableFuture<Leadership> next = two.election(name).campaignAsync("other");
            await().until(() -> two.claims(name).size() == 2);
            task.end();
            Leadership other = now(next);
            assertThat(first.isHeld()).isFalse();
            await().until(() ->
                    loop.state() == State.CAMPAIGNING && two.claims(name).size() == 2);
            assertThat(task.isIdle()).isTrue();
            other.close();
            Leadership second = task.awaitStart();
            assertThat(second.token()).isGreaterThan(other.token());
            assertThat(loop.terms()).isEqualTo(2);
            assertThat(loop.failures()).isZero();
            assertThat(loop.lastFailure()).isEmpty();
        }
    }

    @Test
    void pause_betweenTwoTerms_leavesLeadingToOthersAndIsEndedByClose() throws Exception {
        LeaderLoop loop =
                LeaderElection.create(sessions, name).pause(Duration.ofHours(1)).run(task);
        task.awaitStart();
        task.end();
        await().until(() -> loop.state() == State.PAUSING && two.claims(name).isEmpty());
        two.election(name).campaign("other", Duration.ZERO).orElseThrow().close();
        loop.close();
        assertThat(loop.state()).isEqualTo(State.CLOSED);
        assertThat(loop.terms()).isEqualTo(1);
    }

    @Test
    void task_resignsByItself_thatIsNoFailure() throws Exception {
        try (LeaderLoop loop = loop(task)) {
            Leadership first = task.awaitStart();
            task.end(leadership -> assertThat(leadership.resign()).isTrue());
            Leadership second = task.awaitStart();
            assertThat(second.token()).isGreaterThan(first.token());
            assertThat(loop.failures()).isZero();
        }
    }

    @Test
    void task_transfers_theChosenOneLeadsAndItCampaignsAgain() throws Exception {
        try (LeaderLoop loop = loop(task)) {
            task.awaitStart();
            CompletableFuture<Leadership> next = two.election(name).campaignAsync("other");
            await().until(() -> two.claims(name).size() == 2);
            task.end(leadership -> assertThat(leadership.transfer("other", Duration.ofSeconds(10)))
                    .isTrue());
            Leadership other = now(next);
            await().until(() ->
                    loop.state() == State.CAMPAIGNING && two.claims(name).size() == 2);
            other.close();
            assertThat(task.awaitStart().token()).isGreaterThan(other.token());
            assertThat(loop.failures()).isZero();
        }
    }

    @Test
    void close_whileTheTaskTransfers_givesThatUpAndTheNextInOrderLeads() throws Exception {
        LeaderLoop loop = loop(task);
        task.awaitStart();
        CallFault asked = two.deafen(); // it will not step back
        CompletableFuture<Leadership> next = two.election(name).campaignAsync("next");
        await().until(() -> two.claims(name).size() == 2);
        try (Peer three = Peer.join()) {
            CompletableFuture<Leadership> chosen = three.election(name).campaignAsync("chosen");
            await().until(() -> two.claims(name).size() == 3);
            task.end(leadership -> leadership.transfer("chosen", Duration.ofMinutes(1)));
            now(asked.hit());
            asked.stop();
            loop.close();
            assertThat(task.awaitEnd()).isEqualTo("interrupted");
            now(next).close();
            now(chosen).close();
        }
        assertNobodyLeads();
    }

    @Test
    void task_proclaimsAndGuards_asAnyLeader() throws Exception {
        try (LeaderLoop loop = loop(task)) {
            task.awaitStart();
            task.end(leadership -> {
                assertThat(leadership.proclaim("proclaimed")).isTrue();
                assertThat(leadership
                                .guard()
                                .txn()
                                .put("registers/" + name, "x")
                                .commit())
                        .isTrue();
            });
            assertThat(task.awaitEnd()).isEqualTo("returned");
            task.awaitStart();
            assertThat(two.get("registers/" + name)).isEqualTo("x");
            assertThat(two.election(name).leader()).map(Leader::value).contains("loop");
            assertThat(loop.failures()).isZero();
        }
    }

    // The leadership is lost

    @Test
    void claimDeleted_whileTheTaskRuns_interruptedAndCampaignsOnTheSameSession() throws Exception {
        try (LeaderLoop loop = loop(task)) {
            Leadership first = task.awaitStart();
            Session session = sessions.session();
            two.delete(name + "/" + Long.toHexString(session.leaseId()));
            assertThat(task.awaitEnd()).isEqualTo("interrupted");
            assertThat(first.isHeld()).isFalse();
            assertThat(task.awaitStart().token()).isGreaterThan(first.token());
            assertThat(sessions.session()).isSameAs(session);
            assertThat(loop.failures()).isZero();
        }
    }

    @Test
    void sessionRevoked_whileTheTaskRuns_interruptedAndCampaignsOnTheNextSession() throws Exception {
        try (LeaderLoop loop = loop(task)) {
            Leadership first = task.awaitStart();
            Session session = sessions.session();
            two.revoke(session.leaseId());
            assertThat(task.awaitEnd()).isEqualTo("interrupted");
            assertThat(first.lost().toCompletableFuture()).succeedsWithin(SOON).isEqualTo(LossReason.REVOKED);
            assertThat(task.awaitStart().token()).isGreaterThan(first.token());
            assertThat(sessions.session()).isNotSameAs(session);
            assertThat(loop.failures()).isZero();
        }
    }

    @Test
    void sessionRevoked_whileItCampaigns_campaignsOnTheNextSession() throws Exception {
        Leadership leader = two.election(name).campaign("other");
        try (LeaderLoop loop = loop(task)) {
            await().until(() -> two.claims(name).size() == 2);
            long lease = sessions.session().leaseId();
            two.revoke(lease);
            await().until(() ->
                    two.claims(name).size() == 2 && two.claims(name).get(1).getLease() != lease);
            assertThat(loop.terms()).isZero();
            assertThat(loop.failures()).isZero();
            leader.close();
            task.awaitStart();
        }
    }

    @Test
    void sessionClosedByItsUser_whileTheTaskRuns_goesOnWithTheNextOne() throws Exception {
        try (LeaderLoop loop = loop(task)) {
            task.awaitStart();
            sessions.session().close();
            assertThat(task.awaitEnd()).isEqualTo("interrupted");
            task.awaitStart();
            assertThat(loop.terms()).isEqualTo(2);
        }
    }

    /** The interrupt does not wait for what users do on the session's executor. */
    @Test
    void sessionRevoked_executorBusyForever_theTaskIsInterruptedAllTheSame() throws Exception {
        try (SessionFactory stuck = SessionFactory.of(
                        Session.builder(one.connection).ttl(Peer.LONG).executor(unused -> {}));
                LeaderLoop loop = LeaderElection.create(stuck, name)
                        .pause(Duration.ofMillis(20))
                        .run(task)) {
            task.awaitStart();
            two.revoke(stuck.session().leaseId());
            assertThat(task.awaitEnd()).isEqualTo("interrupted");
            task.awaitStart();
            assertThat(loop.state()).isEqualTo(State.LEADING);
        }
    }

    /** What was lost is campaigned for at once: the pause is for a task that ended by itself. */
    @Test
    void claimDeleted_longPause_isNotPaused() throws Exception {
        try (LeaderLoop loop =
                LeaderElection.create(sessions, name).pause(Duration.ofHours(1)).run(task)) {
            task.awaitStart();
            two.delete(name + "/" + Long.toHexString(sessions.session().leaseId()));
            assertThat(task.awaitEnd()).isEqualTo("interrupted");
            task.awaitStart();
            assertThat(loop.terms()).isEqualTo(2);
        }
    }

    // The loop is closed

    @Test
    void close_whileItCampaigns_withdrawsTheCandidate() throws Exception {
        Leadership leader = two.election(name).campaign("other");
        LeaderLoop loop = loop(task);
        await().until(() -> two.claims(name).size() == 2);
        assertThat(loop.state()).isEqualTo(State.CAMPAIGNING);
        loop.close();
        assertThat(loop.state()).isEqualTo(State.CLOSED);
        await().untilAsserted(() -> assertThat(two.claims(name)).hasSize(1));
        assertThat(loop.ended().toCompletableFuture()).isCompleted();
        leader.close();
        assertNobodyLeads();
        assertThat(loop.terms()).isZero();
        assertThat(loop.failures()).isZero();
    }

    @Test
    void close_whileTheTaskRuns_nextLeaderFollowsAtOnce() throws Exception {
        LeaderLoop loop = loop(task);
        Leadership leadership = task.awaitStart();
        CompletableFuture<Leadership> next = two.election(name).campaignAsync("other");
        await().until(() -> two.claims(name).size() == 2);
        loop.close();
        assertThat(task.awaitEnd()).isEqualTo("interrupted");
        assertThat(loop.state()).isEqualTo(State.CLOSED);
        assertThat(leadership.isHeld()).isFalse();
        assertThat(next).succeedsWithin(SOON);
        now(next).close();
        loop.close();
        assertThat(loop.failures()).isZero();
        assertThat(loop.terms()).isEqualTo(1);
        assertThat(sessions.session().state().isFinal())
                .as("the factory's session stays")
                .isFalse();
    }

    @Test
    void close_byTheTaskItself_returnsAtOnceAndEndsWithTheTask() throws Exception {
        CompletableFuture<LeaderLoop> self = new CompletableFuture<>();
        LeaderLoop loop = loop(task);
        self.complete(loop);
        task.awaitStart();
        task.end(leadership -> {
            self.get().close();
            self.get().close();
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            assertThat(leadership.proclaim("still leading")).isTrue();
        });
        assertThat(task.awaitEnd()).isEqualTo("returned");
        assertThat(loop.ended().toCompletableFuture()).succeedsWithin(SOON);
        assertThat(loop.state()).isEqualTo(State.CLOSED);
        assertThat(loop.failures()).isZero();
        assertNobodyLeads();
    }

    @Test
    void close_interruptedCaller_waitsAllTheSameAndKeepsTheFlag() throws Exception {
        LeaderLoop loop = loop(task);
        task.awaitStart();
        Thread.currentThread().interrupt();
        loop.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(loop.state()).isEqualTo(State.CLOSED);
        assertNobodyLeads();
    }

    @Test
    void close_taskIgnoresTheInterrupt_isBoundedAndLeadershipIsKeptUntilItEnds() throws Exception {
        CompletableFuture<Void> enough = new CompletableFuture<>();
        LeaderLoop loop = LeaderElection.create(sessions, name)
                .closeTimeout(Duration.ofMillis(50))
                .run(leadership -> {
                    task.end(unused -> {});
                    task.lead(leadership);
                    enough.handle((done, failure) -> true).join(); // not interruptible
                });
        Leadership leadership = task.awaitStart();
        task.awaitEnd();
        CompletableFuture<Leadership> next = two.election(name).campaignAsync("other");
        await().until(() -> two.claims(name).size() == 2);
        long closing = System.nanoTime();
        loop.close();
        assertThat(Duration.ofNanos(System.nanoTime() - closing)).isLessThan(SOON);
        assertThat(loop.state()).isEqualTo(State.STOPPING);
        assertThat(leadership.isHeld()).isTrue();
        assertThat(next).isNotDone();
        assertThat(loop.ended().toCompletableFuture()).isNotDone();
        enough.complete(null);
        now(next).close();
        assertThat(loop.ended().toCompletableFuture()).succeedsWithin(SOON);
        assertThat(loop.state()).isEqualTo(State.CLOSED);
    }

    /** While it connects, campaigns, is elected, starts its task, or resigns: no candidate and no thread is left. */
    @Test
    void close_atAnyMoment_leavesNothing() throws Exception {
        long warm = sessions.session().leaseId();
        Staircase closing = Staircase.from(Duration.ofMillis(1), 20261121);
        for (int round = 0; round < 60; round++) {
            CompletableFuture<Leadership> other =
                    round % 2 == 0 ? two.election(name).campaignAsync("other") : new CompletableFuture<>();
            List<Thread> led = new CopyOnWriteArrayList<>();
            LeaderLoop loop = LeaderElection.create(sessions, name)
                    .pause(Duration.ZERO)
                    .run(leadership -> {
                        led.add(Thread.currentThread());
                        assertThat(leadership.token().revision()).isPositive();
                    });
            long begun = System.nanoTime();
            for (long until = closing.next().toNanos(); System.nanoTime() - begun < until; ) {
                Thread.onSpinWait();
            }
            loop.close();
            assertThat(loop.state()).isEqualTo(State.CLOSED);
            assertThat(loop.failures()).isZero();
            assertThat(loop.terms()).isEqualTo(led.size());
            if (round % 2 == 1) { // else the other one is before it, and may lead for longer than that
                closing.cameLate(!led.isEmpty());
            }
            if (round % 2 == 0) {
                now(other).close();
            }
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> two.claims(name).isEmpty() && led.stream().noneMatch(Thread::isAlive));
        }
        assertThat(closing.early()).as("closed before it led").isPositive();
        assertThat(closing.late()).as("closed after it led").isPositive();
        assertThat(sessions.session().leaseId()).isEqualTo(warm);
    }

    @Test
    void sessionFactoryClosed_theLoopEndsAndSaysWhy() throws Exception {
        LeaderLoop loop = loop(task);
        task.awaitStart();
        sessions.close();
        assertThat(task.awaitEnd()).isEqualTo("interrupted");
        assertThat(loop.ended().toCompletableFuture())
                .failsWithin(SOON)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(IllegalStateException.class)
                .withMessageContaining("closed");
        assertThat(loop.state()).isEqualTo(State.CLOSED);
        loop.close();
    }

    @Test
    void nameOfTheSessionsOwnKeys_theLoopEndsAndSaysWhy() {
        LeaderLoop loop = LeaderElection.create(sessions, "consort").run(task);
        assertThat(loop.ended().toCompletableFuture())
                .failsWithin(SOON)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(IllegalArgumentException.class)
                .withMessageContaining("consort");
        assertThat(loop.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void loops_ofOneNameInTwoProcesses_takeTurns() throws Exception {
        LoopTask other = new LoopTask();
        try (SessionFactory factory =
                        SessionFactory.of(Session.builder(two.connection).ttl(Peer.LONG));
                LeaderLoop first = loop(task)) {
            long term = task.awaitStart().token().revision();
            try (LeaderLoop second = LeaderElection.create(factory, name)
                    .pause(Duration.ofMillis(20))
                    .run(other)) {
                for (int turn = 0; turn < 4; turn++) {
                    LoopTask leads = turn % 2 == 0 ? task : other;
                    LoopTask waits = turn % 2 == 0 ? other : task;
                    await().until(() -> two.claims(name).size() == 2);
                    assertThat(waits.isIdle()).isTrue();
                    leads.end();
                    long next = waits.awaitStart().token().revision();
                    assertThat(next).isGreaterThan(term);
                    term = next;
                }
                assertThat(first.failures() + second.failures()).isZero();
            }
        }
    }
}
