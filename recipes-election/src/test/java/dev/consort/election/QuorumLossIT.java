/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.testkit.EtcdProcess;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The cluster loses its quorum under an observer and a loop: S17, F23, I12. */
@Execution(ExecutionMode.CONCURRENT)
class QuorumLossIT {
    private static final Duration TTL = Duration.ofSeconds(2);

    @Test
    void quorumLostForLongerThanTheTtl_observerReportsNobodyAndTheLoopLeadsAgain() throws Exception {
        Sightings seen = new Sightings();
        LoopTask task = new LoopTask();
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
                        LeaderElection.create(sessions, "e").value("loop").run(task)) {
            now(observation.ready().toCompletableFuture());
            Leadership first = task.awaitStart();
            await().until(() -> seen.last().equals("loop"));
            etcd.member(1).pause();
            etcd.member(2).pause();
            assertThat(task.awaitEnd()).isEqualTo("interrupted");
            assertThat(first.isHeld()).isFalse();
            await().until(() -> !observation.isCurrent());
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
            seen.assertNeverWentBack();
            assertThat(seen.terms())
                    .endsWith(first.token().revision(), second.token().revision());
        }
    }
}
