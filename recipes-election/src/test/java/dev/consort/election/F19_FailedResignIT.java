/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F19, S30: a resignation that fails forgets that there was a leadership, so that nobody ever resigns it. */
@Execution(ExecutionMode.CONCURRENT)
class F19_FailedResignIT {
    /** Short, since tests wait for it, and long enough for a connection to be made on a busy machine. */
    private static final Duration REQUEST_TIMEOUT = Duration.ofMillis(700);

    private final String name = Peer.newName();
    private FaultProxy proxy;
    private Connection connection;
    private Peer other;

    @BeforeEach
    void join() {
        other = Peer.join(); // first: what a process does for the first time takes longer
        proxy = FaultProxy.to(Peer.etcd().endpoints().get(0));
        connection =
                Connection.to(proxy.endpoint()).requestTimeout(REQUEST_TIMEOUT).open();
    }

    @AfterEach
    void leave() {
        proxy.resumeForwarding();
        connection.close();
        proxy.close();
        other.close();
    }

    private Session session() {
        return Session.builder(connection).ttl(Peer.LONG).open();
    }

    @Test
    void requestLost_unknown_sentAgainUntilItIsGoneAndTheNextOneFollows() throws Exception {
        Session session = session();
        Leadership leadership = LeaderElection.create(session, name).campaign("first");
        CompletableFuture<Leadership> next = other.election(name).campaignAsync("next");
        await().until(() -> other.claims(name).size() == 2);
        proxy.stopForwarding();
        assertThatExceptionOfType(OutcomeUnknownException.class)
                .isThrownBy(leadership::resign)
                .withMessageContaining(name);
        assertThat(leadership.isHeld()).isFalse();
        // The retry is not forgotten work: it waits for the same answer.
        assertThatExceptionOfType(OutcomeUnknownException.class).isThrownBy(leadership::resign);
        assertThat(other.claims(name)).hasSize(2);
        proxy.resumeForwarding();
        now(next).close();
        assertThat(leadership.resign()).as("it was resigned before").isFalse();
        try (Leadership again = LeaderElection.create(session, name).campaign("again")) {
            assertThat(again.token()).isGreaterThan(leadership.token());
            assertThat(other.claims(name)).hasSize(1);
        }
    }

    @Test
    void replyLost_unknown_nextOneLeadsAndTheRetryRemovesNothingOfItsOwn() throws Exception {
        Session session = session();
        LeaderElection election = LeaderElection.create(session, name);
        Leadership leadership = election.campaign("first");
        proxy.stopForwarding(Direction.TO_CLIENT);
        assertThatExceptionOfType(OutcomeUnknownException.class).isThrownBy(leadership::resign);
        assertThat(other.claims(name)).as("the request was applied").isEmpty();
        CompletableFuture<Leadership> later = election.campaignAsync("later");
        proxy.resumeForwarding();
        Leadership again = now(later);
        assertThat(leadership.resign()).isFalse();
        assertThat(again.isHeld()).isTrue();
        assertThat(other.election(name).leader().orElseThrow().term())
                .isEqualTo(again.token().revision());
        again.close();
        assertThat(other.claims(name)).isEmpty();
    }

    /** The last step of a transfer, which is not answered before the chosen one has gone. */
    @Test
    void transferNotAnswered_unknown_resignedIfTheChosenOneHasGone() throws Exception {
        Session session = session();
        Leadership leadership = LeaderElection.create(session, name).campaign("first");
        other.faults.every(CallMatcher.method("Watch/Watch")).dropMessages(Direction.TO_CLIENT);
        CompletableFuture<Leadership> between = other.election(name).campaignAsync("between");
        await().until(() -> other.claims(name).size() == 2);
        try (Peer third = Peer.join()) {
            CompletableFuture<Leadership> chosen = third.election(name).campaignAsync("chosen");
            await().until(() -> other.claims(name).size() == 3);
            Leader last = third.election(name).participants().get(2);
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            Thread thread = new Thread(() -> {
                try {
                    thrown.complete(new AssertionError("ended: " + leadership.transfer(last, Peer.LONG)));
                } catch (InterruptedException | RuntimeException e) {
                    thrown.complete(e);
                }
            });
            thread.start();
            String mailbox = "consort/session/" + Long.toHexString(other.session.leaseId()) + "/mail";
            await().until(() -> !other.get(mailbox).isEmpty());
            proxy.stopForwarding(Direction.TO_SERVER);
            assertThat(between.cancel(false)).isTrue();
            await().until(() -> other.claims(name).size() == 2);
            await().until(() -> !leadership.isHeld()); // the last step is on its way
            assertThat(chosen.cancel(false)).isTrue();
            await().until(() -> other.claims(name).size() == 1);
            thread.interrupt(); // too late to give it up
            assertThat(now(thrown)).isInstanceOf(OutcomeUnknownException.class).hasMessageContaining(name);
            assertThat(leadership.isHeld()).isFalse();
            proxy.resumeForwarding();
            await().until(() -> other.claims(name).isEmpty());
            assertThat(leadership.resign()).isFalse();
        }
    }

    /** The last resort: the process does not come back, and its lease ends. */
    @Test
    void neverAnswered_leaseEndsAndTheNextOneLeads() throws Exception {
        Session session = Session.builder(connection).ttl(Duration.ofSeconds(2)).open();
        Leadership leadership = LeaderElection.create(session, name).campaign("first");
        CompletableFuture<Leadership> next = other.election(name).campaignAsync("next");
        await().until(() -> other.claims(name).size() == 2);
        proxy.stopForwarding();
        assertThatExceptionOfType(OutcomeUnknownException.class).isThrownBy(leadership::resign);
        now(next).close();
    }

    @Test
    void loopClosed_replyLost_isBoundedAndTheNextOneFollows() throws Exception {
        LoopTask task = new LoopTask();
        try (SessionFactory sessions =
                SessionFactory.of(Session.builder(connection).ttl(Peer.LONG))) {
            LeaderLoop loop = LeaderElection.create(sessions, name).run(task);
            task.awaitStart();
            CompletableFuture<Leadership> next = other.election(name).campaignAsync("next");
            await().until(() -> other.claims(name).size() == 2);
            proxy.stopForwarding(Direction.TO_CLIENT);
            loop.close();
            assertThat(loop.state()).isEqualTo(LeaderLoop.State.CLOSED);
            now(next).close();
            proxy.resumeForwarding();
        }
    }

    /** The loop goes on, and the claim of its next term is not mistaken for that of the last one. */
    @Test
    void loopResigns_requestLost_leadsAgainWithAHigherTerm() throws Exception {
        LoopTask task = new LoopTask();
        try (SessionFactory sessions =
                        SessionFactory.of(Session.builder(connection).ttl(Peer.LONG));
                LeaderLoop loop = LeaderElection.create(sessions, name)
                        .pause(Duration.ZERO)
                        .run(task)) {
            Leadership first = task.awaitStart();
            proxy.stopForwarding();
            task.end();
            task.awaitEnd();
            await().until(() -> loop.state() == LeaderLoop.State.CAMPAIGNING);
            proxy.resumeForwarding();
            Leadership second = task.awaitStart();
            assertThat(second.token()).isGreaterThan(first.token());
            assertThat(other.claims(name)).hasSize(1);
            assertThat(loop.failures()).isZero();
        }
    }
}
