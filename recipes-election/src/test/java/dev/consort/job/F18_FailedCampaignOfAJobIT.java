/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.job.ClusteredJob.State;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F18: a process that gave up leaves a claim, by which nobody leads. */
@Execution(ExecutionMode.CONCURRENT)
class F18_FailedCampaignOfAJobIT {
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

    /** The claim is applied, and the answer comes when the job is closed. */
    @Test
    void closedBeforeItsClaimIsAnswered_leavesNone() throws Exception {
        CallFault unanswered = one.faults.next(Writes.ofClaims()).hangReply();
        ClusteredJob job = one.job(name).every(Duration.ofHours(1)).run(work);
        Node.answer(unanswered.landed());
        assertThat(two.keys(name + "/leader/")).hasSize(1);
        job.close();
        assertThat(job.state()).isEqualTo(State.CLOSED);
        one.faults.clear();
        await().untilAsserted(() -> assertThat(two.keys(name)).isEmpty());
        two.start(name, other, State.WAITING);
        two.jobs().trigger(name);
        assertThat(other.next().attempt()).isEqualTo(1);
    }

    /** The claim lands after the job was closed. */
    @Test
    void closedBeforeItsClaimLands_leavesNone() throws Exception {
        CallFault late = one.faults.next(Writes.ofClaims()).hold();
        ClusteredJob job = one.job(name).every(Duration.ofHours(1)).run(work);
        Node.answer(late.hit());
        job.close();
        late.release();
        two.start(name, other, State.WAITING);
        await().untilAsserted(() -> assertThat(two.keys(name + "/leader/")).containsOnlyKeys(two.claim(name)));
        assertThat(work.begun).isEmpty();
    }
}
