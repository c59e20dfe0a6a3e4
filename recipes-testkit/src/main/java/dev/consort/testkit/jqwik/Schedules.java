/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.jqwik;

import dev.consort.testkit.stress.Plot;
import dev.consort.testkit.stress.Schedule;
import dev.consort.testkit.stress.Step;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;

/**
 * Schedules of client operations and faults for jqwik, so that a property reads:
 *
 * <pre>{@code
 * @Property(tries = 500, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.BOUNDED)
 * void anySchedule_isLinearizableAsMutexWithToken(@ForAll("schedules") Schedule schedule) {
 *     arena.run(schedule);
 * }
 *
 * @Provide
 * Arbitrary<Schedule> schedules() {
 *     return Schedules.numbered(Schedules.of(Step.Kind.ofAnyServer()));
 * }
 * }</pre>
 *
 * <p>What random choice alone brings together too seldom comes from {@link Plot}. A schedule that fails is cut down by
 * jqwik, since any part of a schedule is one. The methods are threadsafe.
 */
public final class Schedules {
    /** The system property with the seed of {@link #numbered}: a number; a random one if not set. */
    public static final String SEED = "consort.schedules.seed";

    /** The system property with the number of the first schedule of {@link #numbered}; 0 if not set. */
    public static final String FIRST = "consort.schedules.first";

    private static final int MOST_SESSIONS = 4;
    private static final int MOST_CLIENTS = 3;
    private static final int FEWEST_PARTS = 15;
    private static final int MOST_PARTS = 50;
    private static final int MOST_AMOUNT = 8;
    private static final int PLOT_SELDOM = 40;
    private static final int GEN_SIZE = 1000;

    private Schedules() {}

    /** Single steps of these kinds, each as often as its weight says. */
    public static Arbitrary<Step> steps(Set<Step.Kind> kinds) {
        List<Tuple2<Integer, Step.Kind>> weighed = kinds.stream()
                .sorted()
                .map(kind -> Tuple.of(kind.weight(), kind))
                .toList();
        return Combinators.combine(
                        Arbitraries.frequency(weighed),
                        who(),
                        Arbitraries.integers().between(0, MOST_AMOUNT))
                .as(Step::new);
    }

    /** Schedules of 2 to 4 sessions with 1 to 3 clients each, and 15 to 50 steps of these kinds or whole plots. */
    public static Arbitrary<Schedule> of(Set<Step.Kind> kinds) {
        List<Plot> possible = List.of(Plot.values()).stream()
                .filter(plot -> plot.steps(0).stream().allMatch(step -> kinds.contains(step.kind())))
                .toList();
        Arbitrary<List<Step>> part = steps(kinds).map(List::of);
        if (!possible.isEmpty()) {
            Arbitrary<List<Step>> plot =
                    Combinators.combine(Arbitraries.of(possible), who()).as(Plot::steps);
            part = Arbitraries.frequencyOf(Tuple.of(PLOT_SELDOM, part), Tuple.of(1, plot));
        }
        Arbitrary<List<Step>> steps = part.list()
                .ofMinSize(FEWEST_PARTS)
                .ofMaxSize(MOST_PARTS)
                .map(parts -> parts.stream().flatMap(List::stream).toList());
        return Combinators.combine(
                        Arbitraries.integers().between(2, MOST_SESSIONS),
                        Arbitraries.integers().between(1, MOST_CLIENTS),
                        steps)
                .as(Schedule::new);
    }

    private static Arbitrary<Integer> who() {
        return Arbitraries.integers().between(0, MOST_SESSIONS * MOST_CLIENTS - 1);
    }

    /**
     * The same schedules one after another by a seed of their own, which jqwik's has no part in: number N of a seed is
     * always the same, whichever came before. A schedule that fails says its seed and number; set {@value #SEED} and
     * {@value #FIRST} to begin there again.
     *
     * @throws NumberFormatException if one of the system properties is set and no number
     */
    public static Arbitrary<Schedule> numbered(Arbitrary<Schedule> schedules) {
        String seed = System.getProperty(SEED, "");
        return numbered(
                schedules,
                seed.isEmpty() ? ThreadLocalRandom.current().nextLong(Long.MAX_VALUE) : Long.parseLong(seed),
                Integer.parseInt(System.getProperty(FIRST, "0")));
    }

    /** The same of a given seed, from a number on, whatever the system properties say. */
    public static Arbitrary<Schedule> numbered(Arbitrary<Schedule> schedules, long seed, int first) {
        RandomGenerator<Schedule> generator = schedules.generator(GEN_SIZE);
        AtomicInteger next = new AtomicInteger(first);
        return Arbitraries.fromGenerator(unused -> {
            int number = next.getAndIncrement();
            return generator.next(random(seed, number)).map(schedule -> schedule.of(seed, number));
        });
    }

    /** Seeds that lie side by side would begin alike. */
    private static Random random(long seed, int number) {
        Random random = new Random(seed ^ (number + 1) * 0x9E3779B97F4A7C15L);
        return new Random(random.nextLong());
    }
}
