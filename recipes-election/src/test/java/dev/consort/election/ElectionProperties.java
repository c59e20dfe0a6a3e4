/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.jqwik.Schedules;
import dev.consort.testkit.stress.Arena;
import dev.consort.testkit.stress.Schedule;
import dev.consort.testkit.stress.Step.Kind;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is done, lost, late and harmed: one leader at a time whose value never goes back, nobody forgotten, nothing left behind. */
@Tag("property")
class ElectionProperties {
    private static final Set<Kind> KINDS = Kind.ofAnyServer();

    @SuppressWarnings("NullAway.Init") // by open
    private static EtcdProcess etcd;

    @SuppressWarnings("NullAway.Init") // by open
    private static Arena arena;

    @BeforeContainer
    static void open() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
        FirstSession.on(etcd.endpoints().get(0));
        arena = Arena.open(etcd.endpoints().get(0), client -> ElectionContender.open(client, Duration.ofSeconds(5)));
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        Map<String, Long> tally = arena.tally();
        System.out.println("LeaderElection: " + tally);
        arena.close();
        etcd.close();
        assertThat(tally).containsKeys(KINDS.stream().map(Kind::name).toArray(String[]::new));
        assertThat(tally.get("granted")).isGreaterThan(tally.get("schedules"));
    }

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void election_anySchedule_oneLeaderAndNobodyForgotten(@ForAll("schedules") Schedule schedule) {
        arena.run(schedule);
    }

    @Provide
    Arbitrary<Schedule> schedules() {
        return Schedules.numbered(Schedules.of(KINDS));
    }
}
