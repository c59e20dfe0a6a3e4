/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** All works and plots, in the order of the page. */
final class Works {
    static final List<Comparison> COMPARISONS = Stream.of(
                    LockWorks.all(), SemaphoreWorks.all(), ElectionWorks.all(), QueueWorks.all(), GrowthWorks.all())
            .flatMap(List::stream)
            .toList();

    /** The name of what is measured once. */
    static final String FIGURES = "grants";

    static final List<Plot> PLOTS = List.of(
            new Plot(
                    LockWorks.HAND_OVER,
                    "Lock and unlock of one name by sessions in turn",
                    "sessions with a client each"),
            new Plot(GrowthWorks.LOCKS, "Lock and unlock, while others hold other locks", "other locks"),
            new Plot(GrowthWorks.CLAIMS, "An attempt to lock that fails", "claims of the lock"));

    private Works() {}

    /**
     * Those of some names, all if there are no names.
     *
     * @throws IllegalArgumentException naming those that there are
     */
    static List<Comparison> named(List<String> names) {
        for (String name : names) {
            if (!name.equals(FIGURES) && COMPARISONS.stream().noneMatch(work -> isNamed(work, name))) {
                throw new IllegalArgumentException("there is no work '" + name + "'; there are: "
                        + String.join(
                                ", ", COMPARISONS.stream().map(Comparison::name).toList()) + ", " + FIGURES);
            }
        }
        return COMPARISONS.stream()
                .filter(work -> names.isEmpty() || names.stream().anyMatch(name -> isNamed(work, name)))
                .toList();
    }

    /** Without all but two points of each plot. */
    static List<Comparison> fewer(List<Comparison> works) {
        Map<String, Integer> points = new HashMap<>();
        return works.stream()
                .filter(work -> work.point()
                        .map(point -> points.merge(point.plot(), 1, Integer::sum) <= 2)
                        .orElse(true))
                .toList();
    }

    static boolean includesFigures(List<String> names) {
        return names.isEmpty() || names.contains(FIGURES);
    }

    /** By its name, or by the first word of it, as {@code lock} names {@code lock-8} too. */
    private static boolean isNamed(Comparison work, String name) {
        return work.name().equals(name) || work.name().startsWith(name + "-");
    }
}
