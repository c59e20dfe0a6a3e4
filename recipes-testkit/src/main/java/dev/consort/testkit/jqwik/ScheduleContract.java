/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.jqwik;

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
import org.jspecify.annotations.Nullable;

/**
 * What must hold of whatever has one owner at a time, whichever schedule of clients and faults it meets in virtual time:
 * leases run out, processes and servers stand still, waits time out. One owner, nobody forgotten, nothing left behind.
 *
 * <pre>{@code
 * class OurLockProperties extends ScheduleContract {
 *     OurLockProperties() {
 *         super("OurLock", EnumSet.complementOf(EnumSet.of(Kind.PROCLAIM, Kind.READ)));
 *     }
 *
 *     @Override
 *     public Contender open(Client client, Channel channel, VirtualClock clock) {
 *         return new OurContender(client, clock, TTL);
 *     }
 * }
 * }</pre>
 *
 * <p>It runs 500 schedules, and 20,000 more that are tagged {@code long}; one that fails says its seed and number, by which
 * {@link Schedules#numbered} begins there again. A run in which a kind of step had no effect has failed. Needs jqwik,
 * which the test kit does not bring along; jqwik runs the classes of a JVM one after the other, as this asks for.
 */
public abstract class ScheduleContract implements VirtualArena.Opener {
    /** The TTL of the sessions that are to be opened. */
    protected static final Duration TTL = Duration.ofSeconds(6);

    private static final int SCHEDULES = 500;
    private static final int MANY_SCHEDULES = 20_000;

    /** Of the class that is running. */
    private static @Nullable Running running;

    private record Running(String recipe, Set<Kind> kinds, VirtualArena arena) {}

    private final String recipe;
    private final Set<Kind> kinds;

    /**
     * A contract.
     *
     * @param recipe what is tested, for what is printed
     * @param kinds the steps that make sense with it; not empty
     */
    protected ScheduleContract(String recipe, Set<Kind> kinds) {
        this.recipe = recipe;
        this.kinds = EnumSet.copyOf(kinds);
    }

    private void run(Schedule schedule) {
        if (running == null) {
            running = new Running(recipe, kinds, VirtualArena.open(TTL, this));
        }
        running.arena.run(schedule);
    }

    @Property(
            tries = SCHEDULES,
            shrinking = ShrinkingMode.BOUNDED,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    final void anySchedule_oneOwnerAndNobodyForgotten(@ForAll("schedules") Schedule schedule) {
        run(schedule);
    }

    @Tag("long")
    @Property(
            tries = MANY_SCHEDULES,
            shrinking = ShrinkingMode.BOUNDED,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    final void anySchedule_oneOwnerAndNobodyForgotten_manyTimes(@ForAll("schedules") Schedule schedule) {
        run(schedule);
    }

    @Provide
    final Arbitrary<Schedule> schedules() {
        return Schedules.numbered(Schedules.of(kinds));
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        Running of = running;
        running = null;
        if (of == null) {
            return;
        }
        Map<String, Long> tally = of.arena.tally();
        of.arena.close();
        System.out.println(of.recipe + " in virtual time: " + tally);
        if (tally.getOrDefault("schedules", 0L) >= SCHEDULES) {
            for (Kind kind : of.kinds) {
                if (!tally.containsKey(kind.name())) {
                    throw new AssertionError(kind + " had no effect in any schedule: " + tally);
                }
            }
        }
    }
}
