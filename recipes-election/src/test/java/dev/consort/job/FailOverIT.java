/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.job.ClusteredJob.State;
import dev.consort.testkit.EtcdProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** How soon another process runs a job. */
@Isolated("measures")
class FailOverIT {
    private static final Duration TTL = Duration.ofSeconds(2);
    private static final int WARM_UP = 10;
    private static final int HAND_OVERS = 110;
    private static final int TRIES = 3;

    private static EtcdProcess etcd;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    /** What a process that is killed does to etcd: it is not heard of any more, and its keys stay until the lease ends. */
    @Test
    void leaderIsHeardOfNoMore_anotherOneRunsTheNextDueTimeWithinTheTtlAndASecond() throws Exception {
        String name = Node.newName();
        Work other = Work.free();
        try (Node one = new Node(etcd, TTL);
                Node two = new Node(etcd, TTL)) {
            ClusteredJob first = one.start(one.job(name).every(Duration.ofMillis(50)), Work.free());
            await().until(() -> first.runs() > 0);
            ClusteredJob second = two.start(two.job(name).every(Duration.ofMillis(50)), other);
            await().until(() -> second.state() == State.STANDBY);
            await().until(() -> one.keys(name + "/leader/").size() == 2);
            one.sessions.session().orphan();
            long killed = System.nanoTime();
            other.next();
            assertThat(Duration.ofNanos(System.nanoTime() - killed)).isLessThan(TTL.plusSeconds(1));
        }
    }

    /** What half of the hand-overs took at most, and 99 of 100. */
    private record Times(Duration half, Duration most) {
        boolean areAsPromised() {
            return half.compareTo(Duration.ofMillis(20)) <= 0 && most.compareTo(Duration.ofMillis(250)) <= 0;
        }
    }

    /** The best of some tries: others may have the machine for a while. */
    @Test
    void leaderIsClosed_anotherOneLeads_medianOf20Millis() {
        List<Times> tries = new ArrayList<>();
        do {
            tries.add(times());
        } while (tries.size() < TRIES && !tries.get(tries.size() - 1).areAsPromised());
        System.out.println("hand-over of a job: " + tries);
        assertThat(tries).anyMatch(Times::areAsPromised);
    }

    private Times times() {
        String name = Node.newName();
        List<Duration> times = new ArrayList<>();
        try (Node one = new Node(etcd);
                Node two = new Node(etcd)) {
            ClusteredJob leading = one.start(name, Work.free(), State.WAITING);
            for (int i = 0; i < WARM_UP + HAND_OVERS; i++) {
                Node to = i % 2 == 0 ? two : one;
                ClusteredJob next = to.start(name, Work.free(), State.STANDBY);
                await().until(() -> to.keys(name + "/leader/").containsKey(to.claim(name)));
                long begun = System.nanoTime();
                leading.close();
                while (next.state() != State.WAITING) {
                    LockSupport.parkNanos(100_000);
                }
                if (i >= WARM_UP) {
                    times.add(Duration.ofNanos(System.nanoTime() - begun));
                }
                leading = next;
            }
        }
        List<Duration> sorted = times.stream().sorted().toList();
        return new Times(sorted.get(HAND_OVERS / 2), sorted.get(HAND_OVERS * 99 / 100));
    }
}
