/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The cost tables of docs/election.md, by the first cell of their rows: the tests assert what the page says. */
final class ElectionCostPage {
    private static final Map<String, List<Integer>> ROWS = read();

    private ElectionCostPage() {}

    private static Map<String, List<Integer>> read() {
        try {
            List<String> lines = Files.readAllLines(Path.of("../docs/election.md"));
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

    /** What a step costs: in requests and commits, for the last one in watches and streams for them. */
    enum Row {
        CAMPAIGN("`campaign`, uncontended"),
        PROCLAIM("`proclaim`"),
        IS_HELD("`isHeld`"),
        LEADER("`leader`"),
        PARTICIPANTS("`participants`"),
        RESIGN("`resign`, nobody waits"),
        HAND_OVER("hand-over to a known successor"),
        TRANSFER("`transfer` to the one who is next"),
        TRANSFER_OVER_ONE("`transfer` with one of ours between"),
        PRIORITY_NEXT("`campaign` with a priority, only the leader before it"),
        PRIORITY_OVER_ONE("`campaign` with a priority, one of a lower one before it too"),
        TERM("a term of a loop, uncontended"),
        FIRST_OBSERVER("`observe`, the first of a name on a connection"),
        FURTHER_OBSERVER("`observe`, each further one"),
        REPORT("a report to an observer"),
        OBSERVED("a name is observed on a connection, however often");

        final int first;
        final int second;

        Row(String row) {
            List<Integer> figures = ROWS.get(row);
            if (figures == null) {
                throw new AssertionError("docs/election.md has no row '" + row + "' among " + ROWS.keySet());
            }
            first = figures.get(0);
            second = figures.get(1);
        }
    }
}
