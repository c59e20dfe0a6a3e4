/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderElection;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.election.LeaderLoop;
import dev.consort.election.Leadership;
import dev.consort.election.Observation;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** Runs a task in one process at a time, the leader's, and shows in each process who that is. */
public final class LeaderOnly {
    private static final CountDownLatch reports = new CountDownLatch(2);

    private LeaderOnly() {}

    /**
     * Runs the example, which ends when this process has led twice.
     *
     * @param endpoints of etcd, such as {@code http://127.0.0.1:2379}, which is also the default
     * @throws InterruptedException if interrupted meanwhile
     */
    public static void main(String... endpoints) throws InterruptedException {
        String[] etcd = endpoints.length > 0 ? endpoints : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(etcd).open();
                SessionFactory sessions = SessionFactory.of(Session.builder(connection));
                Observation observation = LeaderElection.observe(connection, "reports/leader", LeaderOnly::onLeader);
                LeaderLoop loop = LeaderElection.create(sessions, "reports/leader")
                        .value("web-1:8080")
                        .pause(Duration.ofMillis(200))
                        .run(LeaderOnly::lead)) {
            reports.await();
            System.out.println("led " + loop.terms() + " times; up to date: " + observation.isCurrent());
        }
    }

    /** Leads until this returns; interrupted when the leadership is lost, or the loop is closed. */
    private static void lead(Leadership leadership) {
        // The term goes with each write, so that a leader that was paused cannot write late.
        System.out.println("report written, term " + leadership.token().revision());
        reports.countDown();
    }

    private static void onLeader(Optional<Leader> leader) {
        System.out.println("leader: " + leader.map(Leader::value).orElse("nobody"));
    }
}
