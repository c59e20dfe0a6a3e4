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

/** What one process at a time does, the leader: start it in several terminals to see who leads. */
public final class LeaderOnly {
    private final CountDownLatch turns = new CountDownLatch(2);

    private LeaderOnly() {}

    /**
     * Runs the example, which ends when this process has led three times.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting to lead
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        new LeaderOnly().leadWheneverElected(endpoints);
        leadOnce(endpoints);
    }

    private void leadWheneverElected(String... endpoints) throws InterruptedException {
        try (Connection connection = Connection.to(endpoints).open();
                Observation observation = LeaderElection.observe(connection, "reports/leader", LeaderOnly::onLeader);
                SessionFactory sessions = SessionFactory.of(Session.builder(connection));
                LeaderLoop loop = LeaderElection.create(sessions, "reports/leader")
                        .value("web-1:8080")
                        .pause(Duration.ofMillis(200))
                        .run(this::lead)) {
            turns.await();
            System.out.println("led " + loop.terms() + " times; up to date: " + observation.isCurrent());
        }
    }

    /** Leads until it returns. It is interrupted when the leadership is lost or the loop is closed. */
    private void lead(Leadership leadership) {
        write("report", leadership);
        turns.countDown();
    }

    private static void leadOnce(String... endpoints) throws InterruptedException {
        try (Session session = Session.connect(endpoints);
                Leadership leadership =
                        LeaderElection.create(session, "reports/leader").campaign("web-1:8080")) {
            write("last report", leadership);
        }
    }

    /** The term goes with each write, so that a leader that was paused cannot write late. */
    private static void write(String what, Leadership leadership) {
        System.out.println(what + " written, term " + leadership.token().revision());
    }

    private static void onLeader(Optional<Leader> leader) {
        System.out.println("leader: " + leader.map(Leader::value).orElse("nobody"));
    }
}
