/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.job.ClusteredJob.State;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F25: what an operator asks for comes between a look and a watch, and is never seen. */
@Execution(ExecutionMode.CONCURRENT)
class F25_MissedTriggerIT {
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

    /** At any moment of the run before, and of its end. */
    @Test
    void triggerAtAnyMoment_isFollowedByARun() throws Exception {
        one.start(name, work, State.WAITING);
        two.jobs().trigger(name);
        for (int round = 0; round < 30; round++) {
            assertThat(work.next().isManual()).isTrue();
            work.end();
            for (int spin = 0; spin < round * 15_000; spin++) {
                Thread.onSpinWait();
            }
            two.jobs().trigger(name); // after that run has begun
        }
        work.next();
    }

    /** While the leader's watch is down. */
    @Test
    void triggerWhileTheWatchIsDown_isSeenWhenItIsBack() throws Exception {
        one.start(name, work, State.WAITING);
        for (int round = 0; round < 5; round++) {
            assertThat(one.faults.breakStreams("Watch/Watch")).isPositive();
            two.jobs().trigger(name);
            assertThat(work.next().isManual()).isTrue();
            work.end();
        }
    }

    /** The one that stands by misses the end of the one that leads. */
    @Test
    void leaderLeavesWhileTheWatchIsDown_isFollowed() throws Exception {
        ClusteredJob leading = one.start(name, work, State.WAITING);
        ClusteredJob standing = two.start(name, other, State.STANDBY);
        for (int round = 0; round < 5; round++) {
            Node of = round % 2 == 0 ? two : one;
            of.faults.breakStreams("Watch/Watch");
            leading.close();
            ClusteredJob gone = leading;
            leading = standing;
            standing = of == two ? one.start(name, work, State.STANDBY) : two.start(name, other, State.STANDBY);
            assertThat(gone.state()).isEqualTo(State.CLOSED);
            ClusteredJob next = leading;
            await().until(() -> next.state() == State.WAITING);
        }
    }
}
