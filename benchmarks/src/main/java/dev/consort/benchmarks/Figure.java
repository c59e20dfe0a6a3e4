/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Something that is measured once and is no rate.
 *
 * @param title as tables show it
 * @param value in the unit that the title says
 * @param atMost the highest value that holds
 */
record Figure(String title, long value, long atMost) {
    private static final String HEADER = "figure\tvalue\tat most";

    boolean holds() {
        return value <= atMost;
    }

    /** Reads a file; there are none yet if it is absent. */
    static List<Figure> read(Path file) {
        if (!Files.exists(file)) {
            return List.of();
        }
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> !line.equals(HEADER))
                    .map(line -> line.split("\t", -1))
                    .map(cells -> new Figure(cells[0], Long.parseLong(cells[1]), Long.parseLong(cells[2])))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void write(Path file, List<Figure> figures) {
        List<String> lines = new ArrayList<>(List.of(HEADER));
        figures.forEach(figure -> lines.add(figure.title + "\t" + figure.value + "\t" + figure.atMost));
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
