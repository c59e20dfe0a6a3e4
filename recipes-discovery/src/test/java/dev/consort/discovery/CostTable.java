/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The cost tables of a page, by the first cell of their rows: the tests assert what the page says. */
final class CostTable {
    private final String page;
    private final Map<String, Row> rows;
    private final Set<String> asked = new HashSet<>();

    /** Requests and commits, or watches and streams for them. */
    record Row(int first, int second) {}

    CostTable(String page) {
        this.page = page;
        try {
            List<String> lines = Files.readAllLines(Path.of("../docs/" + page));
            rows = lines.subList(lines.indexOf("## Cost"), lines.indexOf("## Example")).stream()
                    .filter(line -> line.matches("\\|.*\\| *\\d+ *\\| *\\d+ *\\|"))
                    .map(line -> line.split("\\|", -1))
                    .collect(Collectors.toMap(
                            cells -> cells[1].strip(),
                            cells -> new Row(Integer.parseInt(cells[2].strip()), Integer.parseInt(cells[3].strip()))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Row row(String first) {
        asked.add(first);
        Row row = rows.get(first);
        if (row == null) {
            throw new AssertionError("docs/" + page + " has no row '" + first + "' among " + rows.keySet());
        }
        return row;
    }

    /** Rows that no test has asked for. */
    Set<String> unasked() {
        Set<String> left = new HashSet<>(rows.keySet());
        left.removeAll(asked);
        return left;
    }
}
