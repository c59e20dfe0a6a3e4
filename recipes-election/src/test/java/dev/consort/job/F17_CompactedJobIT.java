/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.job.ClusteredJob.State;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.EmbeddedEtcd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F17, S13: a compaction ends the leader of a job, or one that stands by, while they are disconnected. */
@Execution(ExecutionMode.CONCURRENT)
class F17_CompactedJobIT {
    private final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private final String name = Node.newName();
    private final Work work = new Work();
    private final Work other = new Work();
    private final Node one = new Node(etcd);
    private final Node two = new Node(etcd);
    private final Node operator = new Node(etcd);

    @AfterEach
    void leave() {
        one.close();
        two.close();
        operator.close();
        etcd.close();
    }

    private static CallFault disconnect(Node node) {
        CallFault down = node.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(node.faults.breakStreams("Watch/Watch")).isPositive();
        Node.answer(down.hit());
        return down;
    }

    private void compact() {
        for (int i = 0; i < 3; i++) {
            operator.put("something", "else");
        }
        etcd.faults().compact(etcd.revision());
    }

    @Test
    void leader_runsWhatWasAskedForMeanwhile() throws Exception {
        one.start(name, work, State.WAITING);
        CallFault down = disconnect(one);
        operator.jobs().pause(name);
        operator.jobs().trigger(name);
        compact();
        assertThat(work.begun).isEmpty();
        down.stop();
        assertThat(work.next().isManual()).isTrue();
        work.end();
        await().until(() -> operator.get(name + "/job/state").contains("outcome=DONE"));
        operator.jobs().trigger(name);
        assertThat(work.next().attempt()).isEqualTo(1);
    }

    @Test
    void standingBy_leadsWhenTheLeaderHasGoneMeanwhile() throws Exception {
        ClusteredJob leading = one.start(name, work, State.WAITING);
        ClusteredJob standing = two.start(name, other, State.STANDBY);
        await().until(() -> operator.keys(name + "/leader/").size() == 2);
        CallFault down = disconnect(two);
        leading.close();
        operator.jobs().trigger(name);
        compact();
        down.stop();
        assertThat(other.next().isManual()).isTrue();
        assertThat(standing.failures()).isZero();
    }
}
