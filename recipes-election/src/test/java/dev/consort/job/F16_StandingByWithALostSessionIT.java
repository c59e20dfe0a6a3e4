/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.job.ClusteredJob.State;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F16: who stands by with a session that is lost waits until all before it have left. */
@Execution(ExecutionMode.CONCURRENT)
class F16_StandingByWithALostSessionIT {
    private final String name = Node.newName();
    private final Work work = new Work();
    private final Work other = new Work();
    private final Node one = new Node(Node.shared());
    private final Node two = new Node(Node.shared());

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    @Test
    void leaseRevoked_standsByWithTheNextSession_whileTheLeaderStillLeads() throws Exception {
        ClusteredJob leading = one.start(name, work, State.WAITING);
        ClusteredJob standing = two.start(name, other, State.STANDBY);
        String lost = two.claim(name);
        await().until(() -> one.keys(name + "/leader/").containsKey(lost));
        one.revoke(two.lease());
        await().until(() -> !two.claim(name).equals(lost)
                && one.keys(name + "/leader/").keySet().equals(Set.of(one.claim(name), two.claim(name))));
        assertThat(leading.state()).isEqualTo(State.WAITING);
        assertThat(standing.failures()).isZero();
        leading.close();
        one.jobs().trigger(name);
        assertThat(other.next().token().revision()).isPositive();
    }

    @Test
    void everySessionLostAgainAndAgain_theDueTimeIsRunInTheEnd() throws Exception {
        one.start(name, work, State.WAITING);
        two.start(name, other, State.STANDBY);
        for (int round = 0; round < 5; round++) {
            one.revoke(two.lease());
            two.revoke(one.lease());
        }
        one.jobs().trigger(name);
        await().until(() -> work.begun.size() + other.begun.size() == 1);
    }
}
