/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** What several rounds say: the one in the middle, the lowest and the highest. */
record Spread(double median, double lowest, double highest) {
    /** Of at least one round. */
    static Spread of(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        return of(samples.stream().mapToDouble(figure).toArray());
    }

    /** Of the rates of the one by those of the other, each in the same round: what slows a machine down for a while slows both. */
    static Spread ofRatios(List<Sample> ours, List<Sample> theirs) {
        return of(IntStream.range(0, Math.min(ours.size(), theirs.size()))
                .mapToDouble(i -> ours.get(i).rate() / theirs.get(i).rate())
                .toArray());
    }

    static Spread of(double... figures) {
        double[] sorted = figures.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }
}
