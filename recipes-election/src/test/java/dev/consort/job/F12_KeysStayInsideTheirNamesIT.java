/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.election.Membership;
import dev.consort.election.Seat;
import dev.consort.job.ClusteredJob.State;
import dev.consort.testkit.EmbeddedEtcd;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F12: a job or a member that is resumed writes a key outside its name. */
@Execution(ExecutionMode.CONCURRENT)
class F12_KeysStayInsideTheirNamesIT {
    private static final String SESSIONS = "consort/session/[0-9a-f]+/(mail|fence)";

    private static List<String> keys(EmbeddedEtcd etcd) {
        return etcd.log().stream()
                .flatMap(commit -> commit.changes().stream())
                .map(change -> change.key().toString(UTF_8))
                .distinct()
                .toList();
    }

    @Test
    void job_throughFailuresLossesAndOperators() throws Exception {
        Work work = new Work();
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
                Node one = new Node(etcd);
                Node two = new Node(etcd)) {
            ClusteredJob.Builder seldom =
                    one.job("a/b").every(Duration.ofHours(1)).retries(1, Duration.ZERO);
            ClusteredJob job = one.start(seldom, work);
            await().until(() -> two.jobs().find("a/b").isPresent());
            ClusteredJob longer = two.start("a/bc", Work.free(), State.WAITING);
            two.jobs().pause("a/b");
            two.jobs().trigger("a/b");
            work.next();
            work.fail("first");
            work.next();
            two.revoke(one.lease());
            assertThat(work.next().attempt()).isEqualTo(3);
            one.faults.loseNextReply(Writes.ofStates());
            work.end();
            await().until(() -> two.get("a/b/job/state").contains("outcome=DONE"));
            two.jobs().resume("a/b");
            one.faults.loseNextReply(Writes.ofResignations());
            job.close();
            assertThat(longer.state()).isEqualTo(State.WAITING);
            assertThat(two.get("a/bc/job/state")).contains("outcome=NONE");
            assertThat(keys(etcd))
                    .allMatch(
                            key -> key.matches(SESSIONS + "|a/bc?/leader/[0-9a-f]+|a/bc?/job/(state|paused|trigger)"));
            assertThat(keys(etcd))
                    .filteredOn(key -> key.startsWith("a/b/leader/"))
                    .hasSize(2);
        }
    }

    @Test
    void member_throughLosses() throws Exception {
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
                Node one = new Node(etcd);
                Node two = new Node(etcd)) {
            Seat seat = Membership.create(one.sessions, "g").join("m", "1");
            for (int round = 0; round < 3; round++) {
                long lease = one.lease();
                two.revoke(lease);
                await().until(() ->
                        Membership.members(two.connection, "g").stream().anyMatch(member -> member.leaseId() != lease));
                assertThat(seat.update("round " + round)).isTrue();
            }
            assertThat(Membership.members(two.connection, "g")).hasSize(1);
            seat.close();
            assertThat(keys(etcd)).allMatch(key -> key.matches(SESSIONS + "|g/m"));
            assertThat(two.keys("g")).isEmpty();
        }
    }
}
