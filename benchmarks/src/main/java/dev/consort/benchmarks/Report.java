/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Results as tables, between two markers of a page. */
final class Report {
    private static final String BEGIN = "<!-- results: written by benchmarks/run -->";
    private static final String END = "<!-- end of results -->";

    private final List<Comparison> comparisons;
    private final Results results;
    private final List<Figure> figures;
    private final List<String> lines = new ArrayList<>();

    private Report(List<Comparison> comparisons, Results results, List<Figure> figures) {
        this.comparisons = comparisons;
        this.results = results;
        this.figures = figures;
    }

    /** The tables. */
    static List<String> lines(List<Comparison> comparisons, Results results, List<Figure> figures) {
        Report report = new Report(comparisons, results, figures);
        report.setting();
        report.bars();
        report.figures();
        report.rates();
        return report.lines;
    }

    /**
     * Puts the tables into a page.
     *
     * @throws IllegalStateException if it has not got the markers
     */
    static void write(Path page, List<String> tables) {
        try {
            List<String> all = Files.readAllLines(page);
            int begin = all.indexOf(BEGIN);
            int end = all.indexOf(END);
            Must.hold(begin >= 0 && begin < end, page + " has not got the lines '" + BEGIN + "' and '" + END + "'");
            List<String> written = new ArrayList<>(all.subList(0, begin + 1));
            written.addAll(tables);
            written.addAll(all.subList(end, all.size()));
            Files.write(page, written);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void setting() {
        results.setting().forEach(line -> lines.add("- " + line));
        lines.add("");
    }

    private void bars() {
        lines.add("| work | ours, a second | against | theirs, a second | ratio | rounds | at least | aim | |");
        lines.add("|---|---|---|---|---|---|---|---|---|");
        for (Comparison comparison : comparisons) {
            Map<String, List<Sample>> samples = results.of(comparison.name());
            List<Sample> ours = samples.getOrDefault(comparison.entries().get(0).name(), List.of());
            for (Bar bar : comparison.bars()) {
                List<Sample> theirs = samples.getOrDefault(bar.against(), List.of());
                if (!ours.isEmpty() && !theirs.isEmpty()) {
                    lines.add(row(comparison, ours, bar, theirs));
                }
            }
        }
        lines.add("");
    }

    private static String row(Comparison comparison, List<Sample> ours, Bar bar, List<Sample> theirs) {
        Spread ratio = Spread.ofRatios(ours, theirs);
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | **%s** | %s to %s | %s | %s | %s |",
                comparison.title(),
                number(Spread.of(ours, Sample::rate).median()),
                bar.against(),
                number(Spread.of(theirs, Sample::rate).median()),
                number(ratio.median()),
                number(ratio.lowest()),
                number(ratio.highest()),
                plain(bar.atLeast()),
                bar.aim() > bar.atLeast() ? plain(bar.aim()) : "",
                verdict(ratio.median(), bar));
    }

    private static String verdict(double ratio, Bar bar) {
        if (ratio < bar.atLeast()) {
            return "short";
        }
        return ratio < bar.aim() ? "holds, short of the aim" : "holds";
    }

    private void figures() {
        if (figures.isEmpty()) {
            return;
        }
        lines.add("| figure | | at most | |");
        lines.add("|---|---|---|---|");
        figures.forEach(figure -> lines.add(String.format(
                Locale.ROOT,
                "| %s | %,d | %,d | %s |",
                figure.title(),
                figure.value(),
                figure.atMost(),
                figure.holds() ? "holds" : "short")));
        lines.add("");
    }

    private void rates() {
        lines.add("| work | contender | a second | rounds | CPU | allocated |");
        lines.add("|---|---|---|---|---|---|");
        for (Comparison comparison : comparisons) {
            String title = comparison.title();
            for (Entry entry : comparison.entries()) {
                List<Sample> samples = results.of(comparison.name()).getOrDefault(entry.name(), List.of());
                if (!samples.isEmpty()) {
                    lines.add(row(title, entry, samples));
                    title = "";
                }
            }
        }
        lines.add("");
    }

    private static String row(String title, Entry entry, List<Sample> samples) {
        Spread rate = Spread.of(samples, Sample::rate);
        boolean alone = entry.server() != Entry.Server.ZOOKEEPER; // which is in this JVM too
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s to %s | %s | %s |",
                title,
                entry.name(),
                number(rate.median()),
                number(rate.lowest()),
                number(rate.highest()),
                alone ? number(Spread.of(samples, Sample::cpuMicros).median()) + " µs" : "",
                alone ? number(Spread.of(samples, Sample::bytes).median() / 1024) + " KiB" : "");
    }

    /** With three digits that count, or all before the point. */
    private static String number(double value) {
        int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }
}
