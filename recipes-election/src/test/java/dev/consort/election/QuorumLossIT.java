/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.job.ClusteredJob;
import dev.consort.job.Run;
import dev.consort.testkit.EtcdProcess;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The cluster loses its quorum under observers, a loop, a job and a member: S17, F23, I12. */
@Execution(ExecutionMode.CONCURRENT)
class QuorumLossIT {
    private static final Duration TTL = Duration.ofSeconds(2);

    @Test
    void quorumLostForLongerThanTheTtl_observerReportsNobodyAndTheLoopLeadsAgain() throws Exception {
        Sightings seen = new Sightings();
        LoopTask task = new LoopTask();
        Rosters rosters = new Rosters();
        Queue<Run> runs = new ConcurrentLinkedQueue<>();
        try (EtcdProcess etcd = EtcdProcess.builder()
                        .members(3)
                        .shortElection()
                        .unsafeNoFsync()
                        .start();
                Connection observing =
                        Connection.to(etcd.endpoints().toArray(String[]::new)).open();
                Connection connection =
                        Connection.to(etcd.endpoints().toArray(String[]::new)).open();
                Observation observation = LeaderElection.observe(observing, "e", seen);
                SessionFactory sessions =
                        SessionFactory.of(Session.builder(connection).ttl(TTL));
                LeaderLoop loop =
                        LeaderElection.create(sessions, "e").value("loop").run(task);
                MembershipObservation group = Membership.observe(observing, "g", rosters);
                Seat seat = Membership.create(sessions, "g").join("m", "1");
                ClusteredJob job = ClusteredJob.builder(sessions, "j")
                        .every(Duration.ofMillis(100))
                        .run(runs::add)) {
            now(observation.ready().toCompletableFuture());
            await().until(() -> !runs.isEmpty() && rosters.members().size() == 1);
            Leadership first = task.awaitStart();
            await().until(() -> seen.last().equals("loop"));
            etcd.member(1).pause();
            etcd.member(2).pause();
            assertThat(task.awaitEnd()).isEqualTo("interrupted");
            assertThat(first.isHeld()).isFalse();
            await().until(() -> !observation.isCurrent() && !group.isCurrent());
            await().until(() -> job.state() == ClusteredJob.State.CONNECTING);
            assertThat(rosters.members()).as("nor of members").hasSize(1);
            List<Run> before = List.copyOf(runs);
            assertThat(seen.last())
                    .as("a connection that is down says nothing of leaders")
                    .isEqualTo("loop");
            assertThat(observation.leader()).isPresent();
            etcd.member(1).resume();
            etcd.member(2).resume();
            Leadership second = task.awaitStart();
            assertThat(second.token()).isGreaterThan(first.token());
            assertThat(loop.failures()).isZero();
            assertThat(second.proclaim("again")).isTrue();
            await().until(() -> seen.last().equals("again") && observation.isCurrent());
            await().until(() -> group.isCurrent() && seat.state() == Seat.State.JOINED);
            assertThat(seat.update("2")).isTrue();
            await().until(() -> rosters.changes().contains("~m=2")
                    || rosters.members().get(0).value().equals("2"));
            rosters.assertConsistent();
            await().until(() -> runs.size() >= before.size() + 2);
            Run later = List.copyOf(runs).get(before.size());
            assertThat(before).allSatisfy(run -> {
                assertThat(later.token()).isGreaterThan(run.token());
                assertThat(run.isCancelled()).isTrue();
            });
            seen.assertNeverWentBack();
            assertThat(seen.terms())
                    .endsWith(first.token().revision(), second.token().revision());
        }
    }
}
