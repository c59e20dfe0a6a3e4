/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.Membership;
import dev.consort.election.Membership.Roster;
import dev.consort.election.MembershipObservation;
import dev.consort.election.Seat;
import dev.consort.testkit.EmbeddedEtcd;
import io.etcd.jetcd.Auth;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F24, S20: the token of a user expires while a job waits, or a member and its observer do, and they fail. */
@Execution(ExecutionMode.CONCURRENT)
class F24_ExpiredTokenOfAJobIT {
    private static final ByteSequence ROOT = Node.bytes("root");
    private static final String PASSWORD = "password-of-root";

    private static EmbeddedEtcd secured() {
        EmbeddedEtcd etcd = EmbeddedEtcd.start();
        try (Client client = Client.builder().endpoints(etcd.endpoint()).build()) {
            Auth auth = client.getAuthClient();
            var added = Node.answer(auth.userAdd(ROOT, Node.bytes(PASSWORD)));
            var granted = Node.answer(auth.userGrantRole(ROOT, ROOT));
            var enabled = Node.answer(auth.authEnable());
            assertThat(added).isNotNull();
            assertThat(granted).isNotNull();
            assertThat(enabled).isNotNull();
        }
        return etcd;
    }

    private static Connection connect(EmbeddedEtcd etcd) {
        return Connection.to(etcd.endpoint())
                .user("root", PASSWORD::toCharArray)
                .connectTimeout(Duration.ofSeconds(20))
                .open();
    }

    @Test
    void whileTheyWait_theyGoOn() throws Exception {
        Work work = new Work();
        Queue<String> values = new ConcurrentLinkedQueue<>();
        try (EmbeddedEtcd etcd = secured();
                Connection connection = connect(etcd);
                Connection operating = connect(etcd);
                SessionFactory sessions =
                        SessionFactory.of(Session.builder(connection).ttl(Duration.ofMinutes(1)));
                ClusteredJob job = ClusteredJob.builder(sessions, "reports")
                        .every(Duration.ofHours(1))
                        .run(work);
                Seat seat = Membership.create(sessions, "workers").join("m", "0");
                MembershipObservation observed =
                        Membership.observe(operating, "workers", roster -> values.add(value(roster)))) {
            ClusteredJobs jobs = ClusteredJobs.of(operating);
            await().until(() -> jobs.find("reports").isPresent() && observed.isCurrent());
            for (int round = 1; round <= 3; round++) {
                etcd.faults().expireTokens();
                jobs.trigger("reports");
                Run run = work.next();
                etcd.faults().expireTokens(); // in the middle of a run
                work.end();
                assertThat(run.attempt()).isEqualTo(1);
                etcd.faults().expireTokens();
                String value = Integer.toString(round);
                assertThat(seat.update(value)).isTrue();
                await().until(() -> values.contains(value));
            }
            assertThat(job.failures()).isZero();
            assertThat(job.lastFailure()).isEmpty();
            assertThat(seat.lastFailure()).isEmpty();
            await().until(() -> jobs.find("reports").orElseThrow().outcome() == ClusteredJobs.Outcome.DONE);
        }
    }

    private static String value(Roster roster) {
        return roster.members().isEmpty() ? "" : roster.members().get(0).value();
    }
}
