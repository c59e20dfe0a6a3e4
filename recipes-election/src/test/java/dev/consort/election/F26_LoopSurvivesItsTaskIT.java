/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderLoop.State;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F26: a loop dies silently on what user code throws, or on what etcd refuses for a while. */
@Execution(ExecutionMode.CONCURRENT)
class F26_LoopSurvivesItsTaskIT {
    private final String name = Peer.newName();
    private final LoopTask task = new LoopTask();
    private Peer one;
    private SessionFactory sessions;

    @BeforeEach
    void join() {
        one = Peer.join();
        sessions = SessionFactory.of(Session.builder(one.connection).ttl(Peer.LONG));
    }

    @AfterEach
    void leave() {
        sessions.close();
        one.close();
    }

    private LeaderLoop loop() {
        return LeaderElection.create(sessions, name)
                .pause(Duration.ofMillis(20))
                .run(task);
    }

    private void failsBy(LeaderLoop.Task failure, Class<? extends Throwable> thrown) throws Exception {
        try (LeaderLoop loop = loop()) {
            Leadership first = task.awaitStart();
            task.end(failure);
            assertThat(task.awaitEnd()).isNotEqualTo("returned");
            Leadership second = task.awaitStart();
            assertThat(first.isHeld()).isFalse();
            assertThat(second.token()).isGreaterThan(first.token());
            assertThat(loop.failures()).isEqualTo(1);
            assertThat(loop.terms()).isEqualTo(2);
            assertThat(loop.lastFailure()).containsInstanceOf(thrown);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    @Test
    void exception_isCountedAndItLeadsAgain() throws Exception {
        failsBy(
                leadership -> {
                    throw new UnsupportedOperationException("by the test");
                },
                UnsupportedOperationException.class);
    }

    @Test
    void error_isCountedAndItLeadsAgain() throws Exception {
        failsBy(
                leadership -> {
                    throw new NoClassDefFoundError("by the test");
                },
                NoClassDefFoundError.class);
    }

    /** By itself: nobody has told it to end, so it is a failure like any other. */
    @Test
    void interruptedException_isCountedAndItLeadsAgain() throws Exception {
        failsBy(
                leadership -> {
                    throw new InterruptedException("by the test");
                },
                InterruptedException.class);
    }

    @Test
    void interruptFlag_leftByTheTask_doesNotReachTheNextCampaign() throws Exception {
        try (LeaderLoop loop = loop()) {
            task.awaitStart();
            task.end(leadership -> Thread.currentThread().interrupt());
            task.awaitStart();
            assertThat(task.thread.isInterrupted()).isFalse();
            assertThat(loop.failures()).isZero();
        }
    }

    @Test
    void failureAfterTheLeadershipWasLost_isCountedAndItLeadsAgain() throws Exception {
        LeaderLoop.Task failing = leadership -> {
            try {
                task.lead(leadership);
            } catch (InterruptedException e) {
                throw new IllegalArgumentException("what I was at broke off", e);
            }
        };
        try (LeaderLoop loop =
                LeaderElection.create(sessions, name).pause(Duration.ZERO).run(failing)) {
            task.awaitStart();
            one.revoke(sessions.session().leaseId());
            task.awaitStart();
            assertThat(loop.failures()).isEqualTo(1);
            assertThat(loop.lastFailure()).containsInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void campaignRefused_isTriedAgainAndSaysWhy() throws Exception {
        one.put(name + "/foreign", "blocks");
        try (LeaderLoop loop = loop()) {
            await().until(() -> loop.lastFailure().isPresent());
            assertThat(loop.lastFailure().orElseThrow()).hasMessageContaining(name + "/foreign");
            assertThat(loop.state()).isIn(State.CONNECTING, State.CAMPAIGNING);
            one.delete(name + "/foreign");
            task.awaitStart();
            assertThat(loop.failures()).as("of the task").isZero();
        }
    }

    @Test
    void sessionCannotBeOpened_isTriedUntilItCan() throws Exception {
        CallFault silent =
                one.faults.every(CallMatcher.method("Lease/LeaseGrant")).loseRequest();
        try (LeaderLoop loop = loop()) {
            silent.hit().get();
            assertThat(loop.state()).isEqualTo(State.CONNECTING);
            silent.stop();
            task.awaitStart();
            assertThat(loop.state()).isEqualTo(State.LEADING);
        }
    }

    /** S37 in spirit: who hangs is named. It leads all that time, since its session lives. */
    @Test
    void task_ignoresItsInterrupt_isWarnedOfEachTtl() throws Exception {
        CompletableFuture<Void> enough = new CompletableFuture<>();
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (SessionFactory brief =
                SessionFactory.of(Session.builder(one.connection).ttl(Duration.ofSeconds(2)))) {
            System.setErr(new PrintStream(said, true, UTF_8));
            LeaderLoop loop = LeaderElection.create(brief, name)
                    .closeTimeout(Duration.ZERO)
                    .run(leadership -> {
                        task.end(unused -> {});
                        task.lead(leadership);
                        enough.handle((done, failure) -> true).join(); // not interruptible
                    });
            Leadership leadership = task.awaitStart();
            task.awaitEnd();
            loop.close();
            await().until(() -> said.toString(UTF_8).split("ignored its interrupt", -1).length > 2);
            assertThat(said.toString(UTF_8)).contains(name);
            assertThat(leadership.isHeld()).isTrue();
            enough.complete(null);
            loop.close();
            await().until(() -> loop.state() == State.CLOSED);
        } finally {
            System.setErr(err);
        }
    }
}
