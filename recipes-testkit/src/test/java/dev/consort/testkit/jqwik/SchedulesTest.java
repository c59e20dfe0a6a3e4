/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.jqwik;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.testkit.stress.Plot;
import dev.consort.testkit.stress.Schedule;
import dev.consort.testkit.stress.Step;
import dev.consort.testkit.stress.Step.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.Shrinkable;

class SchedulesTest {
    private static final Set<Kind> FEW = EnumSet.of(Kind.ACQUIRE, Kind.RELEASE, Kind.LOSE_REPLY);

    private static List<Schedule> some(Arbitrary<Schedule> arbitrary, int count) {
        RandomGenerator<Schedule> generator = arbitrary.generator(1000);
        Random random = new Random(5);
        List<Schedule> some = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            some.add(generator.next(random).value());
        }
        return some;
    }

    private static Set<Kind> kinds(List<Schedule> schedules) {
        return schedules.stream()
                .flatMap(schedule -> schedule.steps().stream())
                .map(Step::kind)
                .collect(Collectors.toSet());
    }

    @Example
    void steps_haveOnlyTheKindsThatWereGiven_andAllOfThem() {
        assertThat(kinds(some(Schedules.of(FEW), 50))).isEqualTo(FEW);
        assertThat(kinds(some(Schedules.of(EnumSet.allOf(Kind.class)), 200))).isEqualTo(EnumSet.allOf(Kind.class));
    }

    @Example
    void schedules_areOfEverySize() {
        List<Schedule> some = some(Schedules.of(FEW), 200);
        assertThat(some).extracting(Schedule::sessions).containsOnly(2, 3, 4).contains(2, 3, 4);
        assertThat(some).extracting(Schedule::clients).containsOnly(1, 2, 3).contains(1, 2, 3);
        assertThat(some).allSatisfy(schedule -> assertThat(schedule.steps()).hasSizeBetween(15, 50));
    }

    @Example
    void weights_decideHowOftenAKindComes() {
        List<Step> steps = some(Schedules.of(FEW), 200).stream()
                .flatMap(schedule -> schedule.steps().stream())
                .toList();
        assertThat(steps.stream().filter(step -> step.kind() == Kind.ACQUIRE).count())
                .isGreaterThan(steps.stream()
                        .filter(step -> step.kind() == Kind.LOSE_REPLY)
                        .count());
    }

    @Example
    void plots_comeWholeNowAndThen_whereTheirKindsMay() {
        List<Step> plot = Plot.LATE_CLAIM.steps(3);
        assertThat(some(Schedules.of(EnumSet.allOf(Kind.class)), 1000))
                .anySatisfy(schedule -> assertThat(Collections.indexOfSubList(schedule.steps(), plot))
                        .isNotNegative());
    }

    @Example
    void numbered_ofOneSeed_areTheSameFromAnyNumberOn() {
        List<Schedule> all = some(Schedules.numbered(Schedules.of(FEW), 42, 0), 20);
        assertThat(some(Schedules.numbered(Schedules.of(FEW), 42, 7), 13)).isEqualTo(all.subList(7, 20));
        assertThat(some(Schedules.numbered(Schedules.of(FEW), 43, 0), 1).get(0).steps())
                .isNotEqualTo(all.get(0).steps());
        assertThat(all).extracting(Schedule::number).startsWith(0, 1, 2).doesNotHaveDuplicates();
        assertThat(all).extracting(Schedule::steps).doesNotHaveDuplicates();
    }

    @Example
    void numbered_takesSeedAndNumberFromSystemProperties() {
        Schedule third = some(Schedules.numbered(Schedules.of(FEW), 42, 3), 1).get(0);
        System.setProperty(Schedules.SEED, "42");
        System.setProperty(Schedules.FIRST, "3");
        try {
            assertThat(some(Schedules.numbered(Schedules.of(FEW)), 1)).containsExactly(third);
        } finally {
            System.clearProperty(Schedules.SEED);
            System.clearProperty(Schedules.FIRST);
        }
    }

    @Example
    void numbered_shrinksAndKeepsItsNumber() {
        Shrinkable<Schedule> fourth =
                Schedules.numbered(Schedules.of(FEW), 42, 4).generator(1000).next(new Random(0));
        assertThat(fourth.shrink().limit(50).map(Shrinkable::value))
                .isNotEmpty()
                .allSatisfy(smaller -> assertThat(smaller.number()).isEqualTo(4));
    }

    @Example
    void schedule_saysHowToMakeItAgain_andChecksItsNumbers() {
        Schedule schedule = new Schedule(2, 1, List.of(new Step(Kind.ACQUIRE, 1, 0))).of(42, 7);
        assertThat(schedule).hasToString("""
                schedule 7 of seed 42: 2 sessions with 1 clients each
                  ACQUIRE(1, 0)""");
        assertThatThrownBy(() -> new Schedule(5, 1, List.of())).hasMessageContaining("5, 1");
        assertThatThrownBy(() -> new Schedule(2, 0, List.of())).hasMessageContaining("2, 0");
    }
}
