/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.history.Committed.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SerializabilityTest {
    private final List<Committed> history = new ArrayList<>();

    /** Versions as {@code x@3 y@0}. */
    private SerializabilityTest committed(String reads, String writes) {
        history.add(new Committed(history.size(), versions(reads), versions(writes)));
        return this;
    }

    private static List<Version> versions(String text) {
        List<Version> versions = new ArrayList<>();
        for (String version : text.split(" ", -1)) {
            if (!version.isEmpty()) {
                int at = version.indexOf('@');
                versions.add(new Version(version.substring(0, at), Long.parseLong(version.substring(at + 1))));
            }
        }
        return versions;
    }

    private void isGood() {
        assertThat(Serializability.violation(history)).isEmpty();
    }

    private String bad() {
        return Serializability.violation(history).orElseThrow();
    }

    @Test
    void oneAfterAnother_isGood() {
        committed("", "x@2 y@2")
                .committed("x@2 y@2", "x@3")
                .committed("x@3", "y@4")
                .committed("x@3 y@4", "");
        isGood();
    }

    @Test
    void readerOfTheOldState_whileItChanges_isGood() {
        committed("x@0 y@0", "").committed("", "x@2 y@2").committed("x@2 y@2", "x@2");
        history.remove(2);
        isGood();
    }

    @Test
    void readModifyWrite_inTurn_isGood() {
        for (int i = 0; i < 100; i++) {
            committed("x@" + i, "x@" + (i + 1));
        }
        isGood();
    }

    @Test
    void lostUpdate_isBad() {
        committed("", "x@1").committed("x@1", "x@2").committed("x@1", "x@3");
        assertThat(bad())
                .contains("client 1", "client 2", "rw x@1 -> x@2", "ww x@2 -> x@3")
                .doesNotContain("client 0");
    }

    @Test
    void writeSkew_isBad() {
        committed("", "x@1 y@1").committed("x@1 y@1", "x@2").committed("x@1 y@1", "y@3");
        assertThat(bad()).contains("rw x@1 -> x@2", "rw y@1 -> y@3").doesNotContain("client 0");
    }

    @Test
    void nonRepeatableRead_isBad() {
        committed("", "x@1").committed("", "x@2").committed("x@1 x@2", "");
        assertThat(bad()).contains("wr x@2", "rw x@1 -> x@2").doesNotContain("client 0");
    }

    @Test
    void twoKeysReadAtDifferentTimes_isBad() {
        committed("", "x@1 y@1").committed("", "x@2 y@2").committed("x@1 y@2", "");
        assertThat(bad()).contains("rw x@1 -> x@2", "wr y@2");
    }

    @Test
    void versionWrittenTwice_isBad() {
        committed("", "x@1").committed("", "x@1");
        assertThat(bad()).contains("two wrote x@1");
    }

    @Test
    void versionOfAnUnknownWriter_isReadBeforeTheNext() {
        committed("x@5 y@0", "").committed("", "x@6 y@4");
        isGood();
        committed("x@5 y@4", "");
        assertThat(bad()).contains("rw x@5 -> x@6", "wr y@4");
    }

    /** A cycle of four, and one of two elsewhere. */
    @Test
    void shortestCycle_isTold() {
        committed("b@0", "a@1").committed("c@0", "b@1").committed("d@0", "c@1").committed("a@0", "d@1");
        assertThat(bad()).contains("client 0", "client 1", "client 2", "client 3");
        committed("x@0", "y@5").committed("y@0", "x@6");
        assertThat(bad()).contains("client 4", "client 5").doesNotContain("client 0");
    }

    @Test
    void manyTransactions_areDecidedSoon() {
        Random random = new Random(3);
        Map<String, Long> now = new HashMap<>();
        for (int i = 1; i <= 2_000; i++) {
            String key = "k" + random.nextInt(50);
            String other = "k" + random.nextInt(50);
            committed(
                    key + "@" + now.getOrDefault(key, 0L) + " " + other + "@" + now.getOrDefault(other, 0L),
                    key + "@" + i);
            now.put(key, (long) i);
        }
        isGood();
        committed("k1@" + now.get("k1") + " k2@0", "k3@2001");
        assertThat(bad()).contains("k2@0");
    }

    @Test
    void randomTransactions_asByBruteForce() {
        Random random = new Random(5);
        int all = 10_000;
        int bad = 0;
        for (int i = 0; i < all; i++) {
            history.clear();
            random(random);
            boolean expected = isSerializable(new HashMap<>(), history);
            assertThat(Serializability.violation(history).isEmpty())
                    .as("%s", history)
                    .isEqualTo(expected);
            bad += expected ? 0 : 1;
        }
        System.out.println("transactions: histories = " + all + ", of which " + bad + " bad");
        assertThat(bad).isBetween(all / 4, all * 3 / 4);
    }

    /** Transactions that read versions that exist, mostly of the same time. */
    private void random(Random random) {
        int size = 2 + random.nextInt(4);
        for (int i = 1; i <= size; i++) {
            List<Version> reads = new ArrayList<>();
            List<Version> writes = new ArrayList<>();
            for (String key : List.of("x", "y", "z")) {
                if (random.nextInt(3) > 0) {
                    reads.add(new Version(key, latest(key, i - random.nextInt(3))));
                }
                if (random.nextInt(3) == 0) {
                    writes.add(new Version(key, i));
                }
            }
            history.add(new Committed(i, reads, writes));
        }
    }

    private long latest(String key, int before) {
        return history.stream()
                .flatMap(transaction -> transaction.writes().stream())
                .filter(version -> version.key().equals(key) && version.revision() < before)
                .mapToLong(Version::revision)
                .max()
                .orElse(0);
    }

    /** Tries every order: each reads what is there, and a key's revisions rise. */
    private static boolean isSerializable(Map<String, Long> state, List<Committed> left) {
        if (left.isEmpty()) {
            return true;
        }
        for (Committed next : left) {
            boolean reads =
                    next.reads().stream().allMatch(read -> state.getOrDefault(read.key(), 0L) == read.revision());
            boolean rises =
                    next.writes().stream().allMatch(write -> state.getOrDefault(write.key(), 0L) < write.revision());
            if (reads && rises) {
                Map<String, Long> then = new HashMap<>(state);
                next.writes().forEach(write -> then.put(write.key(), write.revision()));
                List<Committed> rest = new ArrayList<>(left);
                rest.remove(next);
                if (isSerializable(then, rest)) {
                    return true;
                }
            }
        }
        return false;
    }
}
