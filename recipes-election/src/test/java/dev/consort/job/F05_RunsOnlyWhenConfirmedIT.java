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

/** F05: a task runs before the store has confirmed that its process leads, or that it has begun. */
@Execution(ExecutionMode.CONCURRENT)
class F05_RunsOnlyWhenConfirmedIT {
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
    void claimNotAnswered_doesNotLead() throws Exception {
        CallFault held = one.faults.next(Writes.ofClaims()).hold();
        ClusteredJob job = one.start(one.job(name).every(Duration.ofMillis(10)), work);
        Node.answer(held.hit());
        await().during(Duration.ofMillis(100))
                .until(() -> work.begun.isEmpty() && job.state() == State.STANDBY && job.runs() == 0);
        held.release();
        Run run = work.next();
        assertThat(two.keys(name + "/leader/"))
                .containsEntry(one.claim(name), run.token().revision());
    }

    @Test
    void beginningNotAnswered_isNotBegun() throws Exception {
        ClusteredJob job = one.start(name, work, State.WAITING);
        CallFault held = one.faults.next(Writes.ofStates()).hold();
        two.jobs().trigger(name);
        Node.answer(held.hit());
        await().during(Duration.ofMillis(100)).until(() -> work.begun.isEmpty() && job.runs() == 0);
        assertThat(two.get(name + "/job/state")).contains("\ndue=\n");
        held.release();
        assertThat(work.next().attempt()).isEqualTo(1);
    }

    /** It leads no more when its beginning lands: nobody may run by that. */
    @Test
    void beginningLandsAfterTheLeadershipIsLost_isRefused() throws Exception {
        one.start(name, work, State.WAITING);
        two.start(name, other, State.STANDBY);
        CallFault late = one.faults.next(Writes.ofStates()).hold();
        two.jobs().trigger(name);
        Node.answer(late.hit());
        CallFault next = two.faults.next(Writes.ofStates()).hold();
        two.revoke(one.lease());
        Node.answer(next.hit());
        late.release(); // finds the state as it was
        await().during(Duration.ofMillis(100))
                .until(() ->
                        work.begun.isEmpty() && two.get(name + "/job/state").contains("\ndue=\n"));
        next.release();
        assertThat(other.next().attempt()).isEqualTo(1);
        other.end();
        await().until(() -> two.get(name + "/job/state").contains("outcome=DONE"));
        assertThat(two.get(name + "/job/state")).contains("attempt=1\n");
    }
}
