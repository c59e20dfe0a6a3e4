/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import java.util.List;
import java.util.Map;

/** The cost tables of docs/read-write-lock.md, as {@link CostPage} has those of the mutex. */
final class ReadWriteCostPage {
    private static final String PAGE = "read-write-lock.md";
    private static final Map<String, List<Integer>> ROWS = CostPage.read(PAGE);

    private ReadWriteCostPage() {}

    static int rows() {
        return ROWS.size();
    }

    /** What a step costs in requests and commits. */
    enum Step {
        ACQUIRE("`acquire` to read or to write, uncontended"),
        RELEASE("`release`, nobody waits"),
        JOIN("`acquire` to read beside readers of this process"),
        QUEUE("`acquire` of a side that this process queues for already"),
        LOCAL_HAND_OVER("hand-over among the writers of a process"),
        HAND_OVER("hand-over from a writer to a known writer, or to known readers with a known writer behind them"),
        LEAVE("`release` of a reader whom others read beside"),
        FIRST_HAND_OVER("hand-over from the last reader, or from a writer that does not know who follows"),
        DOWNGRADE("`downgrade`, nobody waits"),
        DOWNGRADE_TELLING("`downgrade` that lets readers in"),
        UPGRADE("`tryUpgrade` of a sole reader"),
        UPGRADE_REFUSED("`tryUpgrade` while others read or wait");

        final int requests;
        final int commits;

        Step(String row) {
            requests = CostPage.cell(ROWS, PAGE, row, 0);
            commits = CostPage.cell(ROWS, PAGE, row, 1);
        }
    }

    /** How many watches stand, and streams for them. */
    enum While {
        OPEN("a session is open"),
        HELD("a name is read or written"),
        WAITED_FOR("a name is waited for");

        final int watches;
        final int streams;

        While(String row) {
            watches = CostPage.cell(ROWS, PAGE, row, 0);
            streams = CostPage.cell(ROWS, PAGE, row, 1);
        }
    }
}
