/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.testkit.jqwik.Schedules;
import dev.consort.testkit.stress.PlainLock.Flaw;
import dev.consort.testkit.stress.Step.Kind;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.RandomGenerator;

/** The arena itself: it lets a right lock pass, does the same again, and catches wrong ones. */
class VirtualArenaProperties {
    private static final Duration TTL = Duration.ofSeconds(6);

    /** The plain lock is made for slowness only: it gives its session up when a call fails. */
    private static final Set<Kind> KINDS = EnumSet.complementOf(EnumSet.of(
            Kind.PROCLAIM,
            Kind.READ,
            Kind.RELEASE_AGAIN,
            Kind.DELETE_CLAIM,
            Kind.REVOKE,
            Kind.EXPIRE,
            Kind.CLOSE,
            Kind.ORPHAN,
            Kind.LAND_LATE,
            Kind.DUPLICATE,
            Kind.LOSE_REPLY,
            Kind.HANG_REPLY,
            Kind.LOSE_REQUEST,
            Kind.HANG_REQUEST,
            Kind.NO_SPACE,
            Kind.SEVER));

    private static VirtualArena arena(Flaw... flaws) {
        Set<Flaw> of = flaws.length == 0 ? EnumSet.noneOf(Flaw.class) : EnumSet.copyOf(List.of(flaws));
        return VirtualArena.open(TTL, (client, channel, clock) -> new PlainLock(channel, clock, TTL, of));
    }

    private static void run(VirtualArena arena, int schedules) {
        RandomGenerator<Schedule> generator =
                Schedules.numbered(Schedules.of(KINDS), 5, 0).generator(1000);
        for (int i = 0; i < schedules; i++) {
            Schedule made = generator.next(new Random(0)).value();
            arena.run(new Schedule(made.seed(), made.number(), made.sessions(), 1, made.steps()));
        }
    }

    private static void assertCaught(String how, Step[] steps, Flaw... flaws) {
        try (VirtualArena arena = arena(flaws)) {
            assertThatThrownBy(() -> arena.run(new Schedule(2, 1, List.of(steps))))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining(how)
                    .hasMessageContaining("schedule 0 of seed 0");
        }
        try (VirtualArena arena = arena()) {
            arena.run(new Schedule(2, 1, List.of(steps)));
        }
    }

    private static Step[] steps(Object... kindsAndNumbers) {
        Step[] steps = new Step[kindsAndNumbers.length / 3];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = new Step((Kind) kindsAndNumbers[3 * i], (Integer) kindsAndNumbers[3 * i + 1], (Integer)
                    kindsAndNumbers[3 * i + 2]);
        }
        return steps;
    }

    private static final Step[] BOTH_WANT_IT =
            steps(Kind.ACQUIRE, 0, 0, Kind.AWAIT, 0, 8, Kind.ACQUIRE, 1, 0, Kind.AWAIT, 0, 8, Kind.AWAIT, 0, 8);

    @Example
    void rightLock_anySchedule_passes_andDoesTheSameAgain() {
        Map<String, Long> first;
        try (VirtualArena arena = arena()) {
            run(arena, 40);
            first = arena.tally();
        }
        assertThat(first).containsEntry("schedules", 40L).containsKeys("granted", "lost", "STALL", "PASS", "DELAY");
        assertThat(first.get("granted")).isGreaterThan(40);
        try (VirtualArena arena = arena()) {
            run(arena, 40);
            assertThat(arena.tally()).isEqualTo(first);
        }
    }

    @Example
    void timePasses_withoutRealTime() {
        try (VirtualArena arena = arena()) {
            long start = System.nanoTime();
            Step[] hours = steps(Kind.ACQUIRE, 0, 0, Kind.PASS, 0, 8, Kind.PASS, 0, 8, Kind.WRITE, 0, 0);
            arena.run(new Schedule(2, 1, List.of(hours)));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(TTL.multipliedBy(5));
            assertThat(arena.tally()).containsEntry("PASS", 2L);
        }
    }

    @Example
    void lockThatDoesNotWait_isCaught() {
        assertCaught("several believe that they own it", BOTH_WANT_IT, Flaw.DOES_NOT_WAIT);
    }

    @Example
    void sessionThatRenewsNothing_isCaught() {
        assertCaught(
                "was lost though nobody took it away",
                steps(Kind.ACQUIRE, 0, 0, Kind.AWAIT, 0, 8, Kind.PASS, 0, 7),
                Flaw.RENEWS_NOTHING);
    }

    @Example
    void sessionThatNeverRunsOut_isCaught() {
        assertCaught(
                "several believe that they own it",
                steps(
                        Kind.ACQUIRE,
                        0,
                        0,
                        Kind.AWAIT,
                        0,
                        8,
                        Kind.ACQUIRE,
                        1,
                        0,
                        Kind.SILENCE,
                        0,
                        8,
                        Kind.PASS,
                        0,
                        7,
                        Kind.AWAIT,
                        0,
                        8),
                Flaw.NEVER_EXPIRES);
    }

    @Example
    void leaseThatIsLeft_isCaught() {
        assertCaught("left behind: [until its TTL, lease ", BOTH_WANT_IT, Flaw.LEAVES_ITS_LEASE);
    }

    @Example
    void callThatIsLeft_isCaught() {
        assertCaught("left behind: [etcdserverpb.Watch/Watch", BOTH_WANT_IT, Flaw.LEAVES_A_CALL);
    }

    @Example
    void claimThatIsLeft_isCaught() {
        assertCaught("not within 20 s: every waiter is served", BOTH_WANT_IT, Flaw.LEAVES_ITS_CLAIM);
    }

    @Example
    void waiterThatIsForgotten_isCaught() {
        assertCaught("not within 20 s: every waiter is served", BOTH_WANT_IT, Flaw.FORGETS_WHO_WAITS);
    }

    @Example
    void answerThatNeverComes_isCaught() {
        assertCaught("not within 20 s: every waiter is served", BOTH_WANT_IT, Flaw.SLEEPS_FOR_EVER);
    }

    @Example
    void aFailedSchedule_leavesNothingToTheNext() {
        try (VirtualArena arena = arena(Flaw.LEAVES_ITS_LEASE)) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> arena.run(new Schedule(2, 1, List.of(BOTH_WANT_IT))))
                        .hasMessageContaining("left behind: [until its TTL, lease ");
            }
        }
    }
}
