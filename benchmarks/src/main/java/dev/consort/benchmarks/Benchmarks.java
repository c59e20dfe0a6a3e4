/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Runs works and writes what they say into {@code docs/performance.md}, its plots and samples into {@code docs/performance/}.
 * Started by {@code benchmarks/run}, in the project's folder, which says what arguments there are.
 */
public final class Benchmarks {
    private static final Path PAGE = Path.of("docs/performance.md");
    private static final Path FOLDER = Path.of("docs/performance");
    private static final Path FOLDER_OF_QUICK = Path.of("benchmarks/target/quick");

    private static final String SAMPLES = "samples.tsv";
    private static final String FIGURES = "figures.tsv";

    private Benchmarks() {}

    /**
     * Runs what is asked for.
     *
     * @param arguments see {@code benchmarks/run --help}
     */
    public static void main(String... arguments) {
        int status;
        try {
            status = run(arguments);
        } catch (InterruptedException | RuntimeException e) {
            e.printStackTrace();
            status = 1;
        }
        System.exit(status); // some contenders' threads would stay
    }

    private static int run(String... arguments) throws InterruptedException {
        Options options;
        List<Comparison> works;
        try {
            options = Options.of(arguments);
            works = Works.named(options.works());
            works = options.quick() ? Works.fewer(works) : works;
        } catch (IllegalArgumentException e) {
            System.err.println("benchmarks/run: " + e.getMessage());
            return 2;
        }
        Path folder = options.quick() ? FOLDER_OF_QUICK : FOLDER;
        Results results = Results.read(folder.resolve(SAMPLES));
        if (options.runs()) {
            run(works, options, results, folder);
        }
        List<String> tables = Report.lines(Works.COMPARISONS, results, Figure.read(folder.resolve(FIGURES)));
        for (Plot plot : Works.PLOTS) {
            if (plot.draw(Works.COMPARISONS, results, folder)) {
                tables.add("![" + plot.title() + "](performance/" + plot.file() + ".svg)");
                tables.add("");
            }
        }
        if (options.quick()) {
            tables.forEach(System.out::println);
        } else {
            Report.write(PAGE, tables);
        }
        return 0;
    }

    private static void run(List<Comparison> works, Options options, Results results, Path folder)
            throws InterruptedException {
        Rounds rounds = new Rounds(options.rounds(), options.warmUp(), options.window());
        try (Servers servers = Servers.start(System.getProperty("consort.benchmarks.redis"))) {
            results.measuredOn(Machine.lines(servers, rounds));
            // First, since the heap is that of the whole JVM, and what others leave in it goes at any time.
            if (Works.includesFigures(options.works())) {
                System.out.println(Works.FIGURES + ": many grants of one session");
                List<Figure> figures = figures(servers, options.quick());
                Figure.write(folder.resolve(FIGURES), figures);
                figures.forEach(figure -> System.out.println("  " + figure.title() + ": " + figure.value()));
            }
            for (Comparison work : works) {
                if (works.size() > 1 && work.point().isEmpty()) {
                    System.out.println("warms up: " + work.name());
                    rounds.warmUp(work, servers);
                    servers.tidy();
                }
            }
            for (Comparison work : works) {
                System.out.println(work.name() + ": " + work.title());
                Map<String, List<Sample>> samples = rounds.run(work, servers);
                servers.tidy();
                results.put(work.name(), samples);
                results.write(folder.resolve(SAMPLES)); // so that a run that is ended has not been for nothing
                samples.forEach(Benchmarks::print);
            }
        }
    }

    private static List<Figure> figures(Servers servers, boolean quick) throws InterruptedException {
        String endpoint = servers.endpoint(Entry.Server.ETCD).orElseThrow();
        return GrantFigures.measure(endpoint, quick ? 500 : 10_000, Duration.ofSeconds(quick ? 2 : 10));
    }

    private static void print(String contender, List<Sample> samples) {
        Spread rate = Spread.of(samples, Sample::rate);
        System.out.printf(
                Locale.ROOT,
                "  %-40s %9.0f/s (%.0f to %.0f), %.0f us CPU, %.0f bytes%n",
                contender,
                rate.median(),
                rate.lowest(),
                rate.highest(),
                Spread.of(samples, Sample::cpuMicros).median(),
                Spread.of(samples, Sample::bytes).median());
    }
}
