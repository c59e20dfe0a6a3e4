/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.benchmarks.Entry.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What samples become in the page. */
class ReportTest {
    @TempDir
    Path folder;

    private static final Comparison WORK = new Comparison(
            "work", "some work", List.of(entry("ours"), entry("theirs")), List.of(new Bar("theirs", 2, 4)));

    private static final List<Figure> FIGURES = List.of(new Figure("bytes", 10, 20), new Figure("more", 3_000, 20));

    private static Entry entry(String name) {
        return new Entry(name, Server.ETCD, (endpoint, key) -> {
            throw new AssertionError("not to be opened");
        });
    }

    private static List<Sample> rates(double... rates) {
        List<Sample> samples = new ArrayList<>();
        for (double rate : rates) {
            samples.add(new Sample(rate, 100, 2048));
        }
        return samples;
    }

    private static String table(List<Sample> ours, List<Sample> theirs) {
        Results results = Results.read(Path.of("absent"));
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        samples.put("ours", ours);
        samples.put("theirs", theirs);
        results.put("work", samples);
        return String.join("\n", Report.lines(List.of(WORK), results, FIGURES));
    }

    /** A slow moment of the machine falls on both, and cancels out. */
    @Test
    void ratio_isTheMiddleOneOfTheRounds() {
        assertThat(table(rates(300, 30, 350), rates(100, 10, 100)))
                .contains(
                        "| some work | 300 | theirs | 100 | **3.00** | 3.00 to 3.50 | 2 | 4 | holds, short of the aim |")
                .contains("| some work | ours | 300 | 30.0 to 350 | 100 µs | 2.00 KiB |");
    }

    @Test
    void verdict_isThatOfTheBar() {
        assertThat(table(rates(190), rates(100))).contains("| short |");
        assertThat(table(rates(400), rates(100))).contains("| holds |");
    }

    @Test
    void figures_areReadAsTheyWereWritten_andJudged() {
        Path file = folder.resolve("figures.tsv");
        Figure.write(file, FIGURES);
        assertThat(Figure.read(file)).isEqualTo(FIGURES);
        assertThat(table(rates(1), rates(1))).contains("| bytes | 10 | 20 | holds |", "| more | 3,000 | 20 | short |");
    }

    @Test
    void bar_againstNobody_isRefused() {
        assertThatThrownBy(() -> new Comparison("w", "w", List.of(entry("ours")), List.of(new Bar("them", 1))))
                .hasMessageContaining("them");
    }

    @Test
    void results_areReadAsTheyWereWritten_otherWorksIncluded() {
        Path file = folder.resolve("below/samples.tsv");
        Results first = Results.read(file);
        first.measuredOn(List.of("a machine"));
        first.put("one", Map.of("put, delete", rates(1.5, 2)));
        first.write(file);
        Results second = Results.read(file);
        second.put("two", Map.of("ours", rates(3)));
        second.write(file);
        Results third = Results.read(file);
        assertThat(third.setting()).containsExactly("a machine");
        assertThat(third.of("one")).isEqualTo(Map.of("put, delete", rates(1.5, 2)));
        assertThat(third.of("two")).isEqualTo(Map.of("ours", rates(3)));
        assertThat(third.of("three")).isEmpty();
    }

    @Test
    void write_replacesWhatIsBetweenTheMarkers() throws IOException {
        Path page = folder.resolve("page.md");
        String begin = "<!-- results: written by benchmarks/run -->";
        String end = "<!-- end of results -->";
        Files.write(page, List.of("before", begin, "old", end, "after"));
        Report.write(page, List.of("new", "tables"));
        assertThat(page).hasContent(String.join("\n", "before", begin, "new", "tables", end, "after"));
        Files.write(page, List.of("no markers"));
        assertThatThrownBy(() -> Report.write(page, List.of())).hasMessageContaining("has not got the lines");
    }

    /** Names of contenders are what bars and plots go by. */
    @Test
    void works_haveNamesOfTheirOwn() {
        assertThat(Works.COMPARISONS).extracting(Comparison::name).doesNotHaveDuplicates();
        assertThat(Works.COMPARISONS)
                .allSatisfy(work ->
                        assertThat(work.entries()).extracting(Entry::name).doesNotHaveDuplicates());
        assertThat(Works.named(List.of("lock"))).extracting(Comparison::name).contains("lock-1", "lock-8");
        assertThatThrownBy(() -> Works.named(List.of("nothing")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'nothing'")
                .hasMessageContaining("lock-8");
    }

    @Test
    void options_thatMakeNoSense_areRefused() {
        assertThat(Options.of("--rounds", "3", "lock").rounds()).isEqualTo(3);
        assertThat(Options.of("--quick").quick()).isTrue();
        assertThatThrownBy(() -> Options.of("--rounds", "many")).hasMessageContaining("'many'");
        assertThatThrownBy(() -> Options.of("--seconds")).hasMessageContaining("--seconds");
        assertThatThrownBy(() -> Options.of("--slow")).hasMessageContaining("'--slow'");
    }
}
