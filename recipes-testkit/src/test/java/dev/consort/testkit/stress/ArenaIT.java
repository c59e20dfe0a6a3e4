/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.stress.Step.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arena itself: it lets a right lock pass and catches a wrong one. */
class ArenaIT {
    private static final List<Kind> KIND_ONES = List.of(
            Kind.ACQUIRE,
            Kind.TRY,
            Kind.TIMED,
            Kind.CANCEL,
            Kind.RELEASE,
            Kind.WRITE,
            Kind.PROCLAIM,
            Kind.READ,
            Kind.AWAIT,
            Kind.BREAK_WATCH,
            Kind.HOLD_REPLIES,
            Kind.COMPACT,
            Kind.DELAY);

    private static EtcdProcess etcd;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    private static Arena arena(boolean waits) {
        return Arena.open(etcd.endpoints().get(0), client -> new PollingContender(client, waits));
    }

    @Test
    void rightLock_schedulesItSurvives_pass() {
        Random random = new Random(7);
        try (Arena arena = arena(true)) {
            for (int schedule = 0; schedule < 10; schedule++) {
                List<Step> steps = new ArrayList<>();
                for (int i = 0; i < 40; i++) {
                    steps.add(new Step(
                            KIND_ONES.get(random.nextInt(KIND_ONES.size())), random.nextInt(12), random.nextInt(5)));
                }
                arena.run(new Schedule(2 + schedule % 3, 1, steps));
            }
            assertThat(arena.tally()).containsEntry("schedules", 10L).containsKeys("granted", "WRITE", "DELAY");
        }
    }

    @Test
    void harmedSessions_areReplaced() {
        try (Arena arena = arena(true)) {
            arena.run(new Schedule(
                    2,
                    1,
                    List.of(
                            new Step(Kind.ACQUIRE, 0, 0),
                            new Step(Kind.AWAIT, 0, 50),
                            new Step(Kind.CLOSE, 0, 0),
                            new Step(Kind.AWAIT, 0, 5),
                            new Step(Kind.ACQUIRE, 1, 0),
                            new Step(Kind.AWAIT, 0, 50),
                            new Step(Kind.ORPHAN, 1, 0),
                            new Step(Kind.RELEASE_AGAIN, 1, 0))));
            assertThat(arena.tally()).containsEntry("CLOSE", 1L).containsEntry("ORPHAN", 1L);
        }
    }

    @Test
    void lockThatDoesNotWait_isCaught() {
        try (Arena arena = arena(false)) {
            List<Step> both = List.of(
                    new Step(Kind.ACQUIRE, 0, 0),
                    new Step(Kind.AWAIT, 0, 200),
                    new Step(Kind.ACQUIRE, 1, 0),
                    new Step(Kind.AWAIT, 0, 200),
                    new Step(Kind.WRITE, 1, 0));
            assertThatThrownBy(() -> arena.run(new Schedule(2, 1, both)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("no order of the operations")
                    .hasMessageContaining("Acquired")
                    .hasMessageFindingMatch("picture: .*target/histories/history-arena_q1-[0-9]+[.]html\n");
        }
    }
}
