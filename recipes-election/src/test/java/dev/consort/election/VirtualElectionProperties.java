/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.jqwik.Schedules;
import dev.consort.testkit.stress.Schedule;
import dev.consort.testkit.stress.Step.Kind;
import dev.consort.testkit.stress.VirtualArena;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** What {@link ElectionProperties} asks for, in virtual time: leases run out, processes and servers stand still, waits time out. */
@Tag("property")
class VirtualElectionProperties {
    private static final Set<Kind> KINDS = EnumSet.allOf(Kind.class);
    private static final Duration TTL = Duration.ofSeconds(6);

    @SuppressWarnings("NullAway.Init") // by open
    private static VirtualArena arena;

    @BeforeContainer
    static void open() {
        arena = VirtualArena.open(TTL, (client, channel, clock) -> ElectionContender.open(client, clock, TTL));
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        Map<String, Long> tally = arena.tally();
        System.out.println("LeaderElection in virtual time: " + tally + ", passed on: " + ElectionContender.passedOn);
        arena.close();
        if (tally.getOrDefault("schedules", 0L) >= 500) {
            assertThat(tally).containsKeys(KINDS.stream().map(Kind::name).toArray(String[]::new));
        }
    }

    @Property(
            tries = 500,
            shrinking = ShrinkingMode.BOUNDED,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void election_anySchedule_oneLeaderAndNobodyForgotten(@ForAll("schedules") Schedule schedule) {
        arena.run(schedule);
    }

    @Tag("long")
    @Property(
            tries = 20_000,
            shrinking = ShrinkingMode.BOUNDED,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void election_anySchedule_oneLeaderAndNobodyForgotten_manyTimes(@ForAll("schedules") Schedule schedule) {
        arena.run(schedule);
    }

    @Provide
    Arbitrary<Schedule> schedules() {
        return Schedules.numbered(Schedules.of(KINDS));
    }
}
