/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What all rounds measured, by work and contender, kept in a file of tab-separated values: a run of some works leaves the others as
 * they were.
 */
final class Results {
    private static final String HEADER = "work\tcontender\tround\tper second\tcpu microseconds\tbytes";
    private static final String SETTING = "# ";

    private final List<String> setting = new ArrayList<>();
    private final SortedMap<String, Map<String, List<Sample>>> works = new TreeMap<>();

    /** Reads a file; there is nothing yet if it is absent. */
    static Results read(Path file) {
        Results results = new Results();
        if (Files.exists(file)) {
            try {
                Files.readAllLines(file).forEach(results::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return results;
    }

    private void add(String line) {
        if (line.startsWith(SETTING)) {
            setting.add(line.substring(SETTING.length()));
        } else if (!line.equals(HEADER)) {
            String[] cells = line.split("\t", -1);
            works.computeIfAbsent(cells[0], work -> new LinkedHashMap<>())
                    .computeIfAbsent(cells[1], contender -> new ArrayList<>())
                    .add(new Sample(
                            Double.parseDouble(cells[3]), Double.parseDouble(cells[4]), Double.parseDouble(cells[5])));
        }
    }

    /** What it was measured on and with. */
    List<String> setting() {
        return setting;
    }

    void measuredOn(List<String> lines) {
        setting.clear();
        setting.addAll(lines);
    }

    void put(String work, Map<String, List<Sample>> samples) {
        works.put(work, samples);
    }

    /** The samples of a work, by contender; empty if it has not been run. */
    Map<String, List<Sample>> of(String work) {
        return works.getOrDefault(work, Map.of());
    }

    void write(Path file) {
        List<String> lines = new ArrayList<>();
        setting.forEach(line -> lines.add(SETTING + line));
        lines.add(HEADER);
        works.forEach((work, contenders) -> contenders.forEach((contender, samples) -> {
            for (int i = 0; i < samples.size(); i++) {
                Sample sample = samples.get(i);
                lines.add(String.format(
                        Locale.ROOT,
                        "%s\t%s\t%d\t%.2f\t%.1f\t%.0f",
                        work,
                        contender,
                        i + 1,
                        sample.rate(),
                        sample.cpuMicros(),
                        sample.bytes()));
            }
        }));
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
