/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What some clients do, and what goes wrong meanwhile. Immutable.
 *
 * @param seed with which it can be made again; 0 if it was not made of one
 * @param number of the schedules of that seed, from 0
 * @param sessions how many sessions take part, 1 to 4
 * @param clients how many clients each of them has, 1 or more
 * @param steps what happens, one after another
 */
public record Schedule(long seed, int number, int sessions, int clients, List<Step> steps) {
    private static final int MOST_SESSIONS = 4;

    /** Checks the numbers. */
    public Schedule {
        if (sessions < 1 || sessions > MOST_SESSIONS || clients < 1) {
            throw new IllegalArgumentException(
                    "sessions must be 1 to " + MOST_SESSIONS + " and clients 1 or more: " + sessions + ", " + clients);
        }
        steps = List.copyOf(steps);
    }

    /** One that was made of no seed. */
    public Schedule(int sessions, int clients, List<Step> steps) {
        this(0, 0, sessions, clients, steps);
    }

    /** The same as one of those of a seed. */
    public Schedule of(long newSeed, int newNumber) {
        return new Schedule(newSeed, newNumber, sessions, clients, steps);
    }

    /** A step a line. */
    @Override
    public String toString() {
        return "schedule " + number + " of seed " + seed + ": " + sessions + " sessions with " + clients
                + " clients each\n"
                + steps.stream().map(step -> "  " + step).collect(Collectors.joining("\n"));
    }
}
