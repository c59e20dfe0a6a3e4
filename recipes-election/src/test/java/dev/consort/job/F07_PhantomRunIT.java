/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.job.ClusteredJob.State;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F07: a process runs a job although its own claim has vanished. */
@Execution(ExecutionMode.CONCURRENT)
class F07_PhantomRunIT {
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
    void claimOfTheLeaderVanishes_itsRunIsCancelledAndCompletesNothing() throws Exception {
        one.start(name, work, State.WAITING);
        two.start(name, other, State.STANDBY);
        two.jobs().trigger(name);
        Run phantom = work.next();
        two.delete(one.claim(name));
        Run run = other.next();
        assertThat(run.attempt()).isEqualTo(2);
        assertThat(phantom.guard().txn().put(name + "-data", "late").commit()).isFalse();
        await().untilAsserted(() ->
                assertThat(phantom.isCancelled()).isTrue()); // each process hears of it by a watch of its own
        assertThat(two.get(name + "/job/state")).contains("outcome=NONE");
        assertThat(two.keys(name + "/leader/"))
                .containsEntry(two.claim(name), run.token().revision());
    }

    @Test
    void claimOfOneThatStandsByVanishes_itLeadsByAnotherOneOnly() throws Exception {
        ClusteredJob first = one.start(name, work, State.WAITING);
        two.start(name, other, State.STANDBY);
        await().until(() -> one.keys(name + "/leader/").containsKey(two.claim(name)));
        Long vanished = one.keys(name + "/leader/").get(two.claim(name));
        one.delete(two.claim(name));
        first.close();
        one.jobs().trigger(name);
        Run run = other.next();
        assertThat(run.token().revision()).isGreaterThan(vanished);
        assertThat(one.keys(name + "/leader/"))
                .containsOnlyKeys(two.claim(name))
                .containsEntry(two.claim(name), run.token().revision());
    }
}
