/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.jqwik.Schedules;
import dev.consort.testkit.stress.Arena;
import dev.consort.testkit.stress.Schedule;
import dev.consort.testkit.stress.Step.Kind;
import java.time.Duration;
import java.util.EnumSet;
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

/** Whatever is done, lost, late and harmed: one holder of a name at a time, alone or with others, nobody forgotten. */
@Tag("property")
class MultiMutexProperties {
    private static final Set<Kind> KINDS = EnumSet.copyOf(Kind.ofAnyServer());

    static {
        KINDS.removeAll(Set.of(Kind.PROCLAIM, Kind.READ));
    }

    @SuppressWarnings("NullAway.Init") // by open
    private static EtcdProcess etcd;

    @SuppressWarnings("NullAway.Init") // by open
    private static Arena arena;

    @BeforeContainer
    static void open() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
        FirstSession.on(etcd.endpoints().get(0));
        arena = Arena.open(etcd.endpoints().get(0), client -> new MultiMutexContender(client, Duration.ofSeconds(5)));
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        Map<String, Long> tally = arena.tally();
        System.out.println("MultiMutex: " + tally);
        arena.close();
        etcd.close();
        assertThat(tally).containsKeys(KINDS.stream().map(Kind::name).toArray(String[]::new));
        assertThat(tally.get("granted")).isGreaterThan(tally.get("schedules"));
    }

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void multiMutex_anySchedule_oneHolderAndNobodyForgotten(@ForAll("schedules") Schedule schedule) {
        arena.run(schedule);
    }

    @Provide
    Arbitrary<Schedule> schedules() {
        return Schedules.numbered(Schedules.of(KINDS));
    }
}
