/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallCounts;
import dev.consort.testkit.EmbeddedEtcd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What each kind of transaction costs in requests and commits: as docs/stm.md says. */
class StmCostIT {
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Party party = new Party(etcd);
    private static final Party there = new Party(etcd);
    private static final Map<String, List<Integer>> PAGE = read();

    private final String p = Party.fresh();
    private final Stm stm = Stm.on(party.connection);

    /** A row of the page. */
    private enum Row {
        READ_AND_WRITE("read and write of one key"),
        PREFETCHED("read and write of prefetched keys, however many"),
        BLIND_WRITE("write of any number of keys, nothing read"),
        READ("each read of a key or a prefix, however many keys that has"),
        READ_AGAIN("each read of what was read, prefetched or written before"),
        LOOK_AGAIN("the end of one that only read, at different revisions at `REPEATABLE_READS`"),
        ONLY_READ("the end of any other one that only read"),
        SECOND_ATTEMPT("the second attempt, when another writer came between"),
        LATER_ATTEMPT("an attempt after that, of a read and write of one key"),
        FIRST_WRITE("in addition, the first write of a connection, or after a minute without");

        private final String text;

        Row(String text) {
            this.text = text;
        }
    }

    private static Map<String, List<Integer>> read() {
        try {
            return Files.readAllLines(Path.of("../docs/stm.md")).stream()
                    .filter(line -> line.matches("\\|.*\\| *\\d+ *\\| *\\d+ *\\|"))
                    .map(line -> line.split("\\|", -1))
                    .collect(Collectors.toMap(
                            cells -> cells[1].strip(),
                            cells -> List.of(Integer.valueOf(cells[2].strip()), Integer.valueOf(cells[3].strip()))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int cell(Row row, int column) {
        return Objects.requireNonNull(PAGE.get(row.text), row.text).get(column);
    }

    private static List<Integer> cells(Row row) {
        return List.of(cell(row, 0), cell(row, 1));
    }

    private interface Work {
        void run() throws InterruptedException;
    }

    private static void assertCost(Row row, Work work) throws InterruptedException {
        long revision = etcd.revision();
        CallCounts before = party.log.counts();
        work.run();
        CallCounts counts = party.log.counts().since(before);
        assertThat(List.of((int) counts.unaryCalls(), (int) (etcd.revision() - revision)))
                .as("%s: %s", row.text, counts)
                .isEqualTo(cells(row));
    }

    /** Less what it costs later. */
    @BeforeAll
    static void firstWrite_grantsALease() throws InterruptedException {
        Stm.on(party.connection).runWithoutResult(tx -> tx.put("first", "x"));
        CallCounts counts = party.log.counts();
        int later = cell(Row.BLIND_WRITE, 0);
        assertThat(counts.unaryCalls("KV/Txn")).as("%s", counts).isEqualTo(later);
        assertThat(counts.unaryCalls("Lease/LeaseGrant")).as("%s", counts).isEqualTo(cell(Row.FIRST_WRITE, 0));
        assertThat(counts.unaryCalls() - unaryOfTheConnection(counts)).isEqualTo(later + cell(Row.FIRST_WRITE, 0));
    }

    /** What opening a connection asks. */
    private static long unaryOfTheConnection(CallCounts counts) {
        return counts.unaryCalls("KV/Range");
    }

    @AfterAll
    static void leave() {
        there.close();
        party.close();
        etcd.close();
    }

    @Test
    void page_hasTheseRowsAndNoOthers() {
        assertThat(PAGE.keySet())
                .containsExactlyInAnyOrder(
                        List.of(Row.values()).stream().map(row -> row.text).toArray(String[]::new));
    }

    @Test
    void readAndWrite_costsTwoRequests() throws InterruptedException {
        for (Isolation isolation : Isolation.values()) {
            assertCost(
                    Row.READ_AND_WRITE,
                    () -> stm.isolation(isolation)
                            .runWithoutResult(
                                    tx -> tx.put(p + "n", tx.get(p + "n").orElse("") + "x")));
        }
    }

    @Test
    void prefetchedKeys_costOneRequestTogether() throws InterruptedException {
        for (Isolation isolation : Isolation.values()) {
            for (String[] keys : List.of(new String[] {p + "a"}, new String[] {p + "a", p + "b", p + "c"})) {
                assertCost(
                        Row.PREFETCHED,
                        () -> stm.isolation(isolation).prefetch(keys).runWithoutResult(tx -> {
                            for (String key : keys) {
                                tx.put(key, tx.get(key).orElse("") + "x");
                            }
                        }));
                assertCost(
                        Row.PREFETCHED,
                        () -> stm.isolation(isolation).runWithoutResult(tx -> {
                            tx.prefetch(keys);
                            for (String key : keys) {
                                tx.put(key, tx.get(key).orElse("") + "x");
                            }
                        }));
            }
        }
    }

    @Test
    void blindWrites_costOneRequestTogether() throws InterruptedException {
        assertCost(
                Row.BLIND_WRITE,
                () -> stm.runWithoutResult(tx -> {
                    tx.put(p + "a", "x");
                    tx.put(p + "b", "x");
                    tx.delete(p + "c");
                }));
    }

    @Test
    void reads_costOneRequestEach_andNoneOfWhatIsKnown() throws InterruptedException {
        there.put(p + "in/a", "x");
        for (Isolation isolation : Isolation.values()) {
            assertCost(Row.ONLY_READ, () -> stm.isolation(isolation).runWithoutResult(tx -> {}));
            stm.isolation(isolation).runWithoutResult(tx -> {
                cost(Row.READ, () -> tx.get(p + "n"));
                cost(Row.READ, () -> tx.range(p + "in/"));
                tx.put(p + "w", "x");
                cost(Row.READ_AGAIN, () -> {
                    tx.get(p + "n");
                    tx.revision(p + "n");
                    tx.range(p + "in/");
                    tx.get(p + "in/a");
                    tx.get(p + "w");
                    tx.prefetch(p + "n", p + "in/a");
                });
            });
        }
    }

    private static void cost(Row row, Runnable work) {
        try {
            assertCost(row, work::run);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void onlyReads_areLookedAtAgainWhereTheyAreOfDifferentRevisions() throws InterruptedException {
        for (Isolation isolation : Isolation.values()) {
            there.put(p + "a", "x");
            long[] readsDone = new long[2];
            stm.isolation(isolation).runWithoutResult(tx -> {
                tx.get(p + "a");
                there.put(p + "other", isolation.name());
                tx.get(p + "b");
                readsDone[0] = party.log.counts().unaryCalls();
                readsDone[1] = etcd.revision();
            });
            Row row = isolation == Isolation.REPEATABLE_READS ? Row.LOOK_AGAIN : Row.ONLY_READ;
            assertThat(List.of((int) (party.log.counts().unaryCalls() - readsDone[0]), (int)
                            (etcd.revision() - readsDone[1])))
                    .as("%s at %s", row, isolation)
                    .isEqualTo(cells(row));
        }
    }

    /** What the refusal told need not be read again. */
    @Test
    void secondAttempt_needsNoReads_andLaterOnesRead() throws InterruptedException {
        for (Isolation isolation :
                List.of(Isolation.SERIALIZABLE_SNAPSHOT, Isolation.SERIALIZABLE, Isolation.REPEATABLE_READS)) {
            long[] began = new long[4];
            int[] attempt = {0};
            stm.isolation(isolation).runWithoutResult(tx -> {
                began[attempt[0]] = party.log.counts().unaryCalls();
                long n = tx.get(p + "n").map(String::length).orElse(0);
                if (attempt[0] == 0) {
                    tx.range(p + "in/");
                }
                if (attempt[0]++ < 2) {
                    there.put(p + "n", "x".repeat((int) n + 1));
                }
                tx.put(p + "n", "mine");
            });
            assertThat(began[2] - began[1])
                    .as("the second attempt at %s", isolation)
                    .isEqualTo(cell(Row.SECOND_ATTEMPT, 0));
            assertThat(party.log.counts().unaryCalls() - began[2])
                    .as("the third attempt at %s", isolation)
                    .isEqualTo(cell(Row.LATER_ATTEMPT, 0));
        }
    }
}
