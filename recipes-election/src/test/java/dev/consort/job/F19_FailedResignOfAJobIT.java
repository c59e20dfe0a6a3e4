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

/** F19: a job is closed, its resignation fails, and nobody ever leads it again. */
@Execution(ExecutionMode.CONCURRENT)
class F19_FailedResignOfAJobIT {
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
    void resignationLost_closeIsBounded_andItIsSentUntilTheNextOneLeads() throws Exception {
        ClusteredJob leading =
                one.start(one.job(name).every(Duration.ofHours(1)).closeTimeout(Duration.ofMillis(100)), work);
        await().until(() -> leading.state() == State.WAITING);
        two.start(name, other, State.STANDBY);
        CallFault lost = one.faults.every(Writes.ofResignations()).loseRequest();
        long begun = System.nanoTime();
        leading.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        Node.answer(lost.hit());
        assertThat(two.keys(name + "/leader/")).containsKey(one.claim(name));
        lost.stop();
        await().untilAsserted(() -> assertThat(two.keys(name + "/leader/")).containsOnlyKeys(two.claim(name)));
        await().until(() -> two.jobs().find(name).isPresent());
        two.jobs().trigger(name);
        assertThat(other.next().attempt()).isEqualTo(1);
    }

    @Test
    void answerOfTheResignationLost_theNextOneLeads_andTheSameProcessAfterIt() throws Exception {
        ClusteredJob leading = one.start(name, work, State.WAITING);
        ClusteredJob next = two.start(name, other, State.STANDBY);
        CallFault lost = one.faults.next(Writes.ofResignations()).loseReply();
        leading.close();
        Node.answer(lost.hit());
        await().until(() -> next.state() == State.WAITING);
        one.start(name, work, State.STANDBY);
        await().until(() -> two.keys(name + "/leader/").size() == 2);
        next.close();
        two.jobs().trigger(name);
        assertThat(work.next().attempt()).isEqualTo(1);
        assertThat(two.keys(name + "/leader/")).containsOnlyKeys(one.claim(name));
    }
}
