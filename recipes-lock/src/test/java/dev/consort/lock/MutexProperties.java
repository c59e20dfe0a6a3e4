/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.stress.Arena;
import dev.consort.testkit.stress.Plot;
import dev.consort.testkit.stress.Step;
import dev.consort.testkit.stress.Step.Kind;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is done, lost, late and harmed: one holder at a time, nobody forgotten, nothing left behind. */
@Tag("property")
class MutexProperties {
    private static final Set<Kind> KINDS = EnumSet.complementOf(EnumSet.of(Kind.PROCLAIM, Kind.READ));

    @SuppressWarnings("NullAway.Init") // by open
    private static EtcdProcess etcd;

    @SuppressWarnings("NullAway.Init") // by open
    private static Arena arena;

    @BeforeContainer
    static void open() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
        arena = Arena.open(etcd.endpoints().get(0), client -> MutexContender.open(client, Duration.ofSeconds(5)));
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        Map<String, Long> tally = arena.tally();
        System.out.println("Mutex: " + tally);
        arena.close();
        etcd.close();
        assertThat(tally).containsKeys(KINDS.stream().map(Kind::name).toArray(String[]::new));
        assertThat(tally.get("granted")).isGreaterThan(tally.get("schedules"));
    }

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void mutex_anySchedule_oneHolderAndNobodyForgotten(
            @ForAll @IntRange(min = 2, max = 4) int sessions,
            @ForAll @IntRange(min = 1, max = 3) int clients,
            @ForAll("schedules") List<Step> steps) {
        arena.run(sessions, clients, steps);
    }

    @Provide
    Arbitrary<List<Step>> schedules() {
        List<Tuple2<Integer, Kind>> kinds =
                KINDS.stream().map(kind -> Tuple.of(kind.weight(), kind)).toList();
        Arbitrary<Integer> who = Arbitraries.integers().between(0, 11);
        Arbitrary<Integer> amount = Arbitraries.integers().between(0, 8);
        Arbitrary<List<Step>> step = Combinators.combine(Arbitraries.frequency(kinds), who, amount)
                .as(Step::new)
                .map(List::of);
        Arbitrary<List<Step>> plot =
                Combinators.combine(Arbitraries.of(Plot.class), who).as(Plot::steps);
        return Arbitraries.frequencyOf(Tuple.of(40, step), Tuple.of(1, plot))
                .list()
                .ofMinSize(15)
                .ofMaxSize(50)
                .map(parts -> parts.stream().flatMap(List::stream).toList());
    }
}
