/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The cost tables of docs/mutex.md, by the first cell of their rows: the tests assert what the page says. */
final class CostPage {
    private static final String PAGE = "mutex.md";
    private static final Map<String, List<Integer>> ROWS = read(PAGE);

    private CostPage() {}

    /** The rows of a page's tables. */
    static Map<String, List<Integer>> read(String page) {
        try {
            List<String> lines = Files.readAllLines(Path.of("../docs", page));
            int start = lines.indexOf("## Cost");
            return lines.subList(start, lines.indexOf("## Example")).stream()
                    .filter(line -> line.matches("\\|.*\\| *\\d+ *\\| *\\d+ *\\|"))
                    .map(line -> line.split("\\|", -1))
                    .collect(Collectors.toMap(
                            cells -> cells[1].strip(),
                            cells -> List.of(Integer.valueOf(cells[2].strip()), Integer.valueOf(cells[3].strip()))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int rows() {
        return ROWS.size();
    }

    /** What a step costs in requests and commits. */
    enum Step {
        ACQUIRE("`acquire`, uncontended"),
        RELEASE("`release`, nobody waits"),
        JOIN("`acquire` of a name that this process queues for already"),
        LOCAL_HAND_OVER("hand-over within a process"),
        HAND_OVER("hand-over to a known successor"),
        FIRST_HAND_OVER("hand-over after an uncontended hold, and every 64th");

        final int requests;
        final int commits;

        Step(String row) {
            requests = cell(row, 0);
            commits = cell(row, 1);
        }
    }

    /** How many watches stand, and streams for them. */
    enum While {
        OPEN("a session is open"),
        HELD("a name is held"),
        WAITED_FOR("a name is waited for");

        final int watches;
        final int streams;

        While(String row) {
            watches = cell(row, 0);
            streams = cell(row, 1);
        }
    }

    private static int cell(String row, int column) {
        return cell(ROWS, PAGE, row, column);
    }

    /** A figure of one of a page's rows. */
    static int cell(Map<String, List<Integer>> rows, String page, String row, int column) {
        List<Integer> figures = rows.get(row);
        if (figures == null) {
            throw new AssertionError("docs/" + page + " has no row '" + row + "' among " + rows.keySet());
        }
        return figures.get(column);
    }
}
