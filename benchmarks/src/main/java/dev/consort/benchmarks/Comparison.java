/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.List;
import java.util.Optional;

/**
 * One work, which all its contenders do.
 *
 * @param name by which it is asked for, such as {@code lock-8}
 * @param title as tables show it
 * @param entries ours first
 * @param bars what must hold
 * @param point where it stands in a plot
 */
public record Comparison(String name, String title, List<Entry> entries, List<Bar> bars, Optional<Point> point) {
    /**
     * A place in a plot.
     *
     * @param plot its file's name
     * @param x how much there is of what the plot varies
     */
    public record Point(String plot, double x) {}

    public Comparison {
        for (Bar bar : bars) {
            if (entries.stream().noneMatch(entry -> entry.name().equals(bar.against()))) {
                throw new IllegalArgumentException(name + " has no contender '" + bar.against() + "'");
            }
        }
    }

    public Comparison(String name, String title, List<Entry> entries, List<Bar> bars) {
        this(name, title, entries, bars, Optional.empty());
    }

    /** The same, as a point of a plot too. */
    public Comparison at(String plot, double x) {
        return new Comparison(name, title, entries, bars, Optional.of(new Point(plot, x)));
    }
}
