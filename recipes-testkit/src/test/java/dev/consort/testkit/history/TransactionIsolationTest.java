/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.history.TransactionCall.PrefixRead;
import dev.consort.testkit.history.TransactionCall.Read;
import dev.consort.testkit.history.TransactionIsolation.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TransactionIsolationTest {
    private final List<Operation<TransactionCall>> history = new ArrayList<>();
    private long clock;

    /** Of which all overlap in time unless {@link #ends} is called. */
    private final class Transaction {
        private final List<Read> reads = new ArrayList<>();
        private final List<PrefixRead> prefixes = new ArrayList<>();
        private final Set<String> puts = new HashSet<>();
        private final Set<String> deletes = new HashSet<>();

        Transaction reads(String key, long version, long asOf) {
            reads.add(new Read(key, version, asOf));
            return this;
        }

        Transaction finds(String prefix, long asOf, Object... keysAndVersions) {
            Map<String, Long> found = new HashMap<>();
            for (int i = 0; i < keysAndVersions.length; i += 2) {
                found.put((String) keysAndVersions[i], ((Integer) keysAndVersions[i + 1]).longValue());
            }
            prefixes.add(new PrefixRead(prefix, found, asOf));
            return this;
        }

        Transaction puts(String... keys) {
            puts.addAll(List.of(keys));
            return this;
        }

        Transaction deletes(String... keys) {
            deletes.addAll(List.of(keys));
            return this;
        }

        /** Commits at a revision, 0 if it only read. */
        void commits(long revision) {
            add(revision, Outcome.OK, 1, 1_000_000);
        }

        void fails() {
            add(0, Outcome.FAILED, 1, 1_000_000);
        }

        void isUnknown(long revision) {
            add(revision, Outcome.UNKNOWN, 1, Operation.NEVER);
        }

        /** Commits, after all that ended so before. */
        void ends(long revision) {
            add(revision, Outcome.OK, 2_000_000 + ++clock, 2_000_000 + ++clock);
        }

        private void add(long revision, Outcome outcome, long invoked, long completed) {
            history.add(new Operation<>(
                    history.size(),
                    new TransactionCall(revision, reads, prefixes, puts, deletes),
                    outcome,
                    invoked,
                    completed));
        }
    }

    private Transaction one() {
        return new Transaction();
    }

    /** It is good at this level and at all weaker ones, and bad at all stricter ones. */
    private void isGoodFrom(Level weakest) {
        for (Level level : Level.values()) {
            assertThat(TransactionIsolation.violation(level, history).isEmpty())
                    .as("%s: %s", level, TransactionIsolation.violation(level, history))
                    .isEqualTo(level.compareTo(weakest) >= 0);
        }
    }

    private String bad(Level level) {
        return TransactionIsolation.violation(level, history).orElseThrow();
    }

    private void isBadEverywhere(String... why) {
        for (Level level : Level.values()) {
            assertThat(bad(level)).as(level.toString()).contains(why);
        }
    }

    @Test
    void oneAfterAnother_isGood() {
        one().puts("a/x", "a/y").ends(2);
        one().reads("a/x", 2, 2).puts("a/x").ends(3);
        one().finds("a/", 3, "a/x", 3, "a/y", 2).deletes("a/y").ends(4);
        one().reads("a/y", 0, 4).finds("a/", 4, "a/x", 3).puts("a/y").ends(5);
        one().reads("a/y", 5, 5).ends(0);
        isGoodFrom(Level.SERIALIZABLE_SNAPSHOT);
    }

    @Test
    void lostUpdate_isPossibleAtReadCommitted() {
        one().puts("x").commits(2);
        one().reads("x", 2, 2).puts("x").commits(3);
        one().reads("x", 2, 2).puts("x").commits(4);
        isGoodFrom(Level.READ_COMMITTED);
        assertThat(bad(Level.REPEATABLE_READS)).contains("rw x@2 as of 2 -> x@3", "ww x@3 -> x@4");
    }

    @Test
    void writeSkew_isPossibleAtReadCommitted() {
        one().puts("x", "y").commits(2);
        one().reads("x", 2, 2).reads("y", 2, 2).puts("x").commits(3);
        one().reads("x", 2, 2).reads("y", 2, 2).puts("y").commits(4);
        isGoodFrom(Level.READ_COMMITTED);
    }

    @Test
    void readSkew_isPossibleAtReadCommitted() {
        one().puts("x", "y").commits(2);
        one().puts("x", "y").commits(3);
        one().reads("x", 2, 2).reads("y", 3, 3).commits(0);
        isGoodFrom(Level.READ_COMMITTED);
        assertThat(bad(Level.SERIALIZABLE)).contains("never true together");
    }

    /** Two that look for what the other adds. */
    @Test
    void phantom_isPossibleAtRepeatableReads() {
        one().finds("a/", 1).puts("a/x").commits(2);
        one().finds("a/", 1).puts("a/y").commits(3);
        isGoodFrom(Level.REPEATABLE_READS);
        assertThat(bad(Level.SERIALIZABLE)).contains("phantom a/y@0 as of 1 -> a/y@3");
    }

    /** What was in the prefix is like any other key that was read. */
    @Test
    void keyOfAPrefix_changedOrDeletedSince_isPossibleAtReadCommitted() {
        one().puts("a/x", "a/y").commits(2);
        one().finds("a/", 2, "a/x", 2, "a/y", 2).puts("a/x").commits(3);
        one().finds("a/", 2, "a/x", 2, "a/y", 2).deletes("a/y").commits(4);
        isGoodFrom(Level.READ_COMMITTED);
    }

    @Test
    void blindOverwrite_isPossibleAtSerializable() {
        one().puts("x", "y").commits(2);
        one().puts("y").commits(3);
        one().reads("x", 2, 2).puts("y").commits(4);
        isGoodFrom(Level.SERIALIZABLE);
        assertThat(bad(Level.SERIALIZABLE_SNAPSHOT)).contains("y@3 is newer than what was read");
    }

    @Test
    void blindOverwriteOfWhatWasDeletedSince_isGood() {
        one().puts("x", "y").commits(2);
        one().deletes("y").commits(3);
        one().reads("x", 2, 2).puts("y").commits(4);
        isGoodFrom(Level.SERIALIZABLE_SNAPSHOT);
    }

    @Test
    void dirtyRead_isBadEverywhere() {
        one().puts("x").commits(2);
        one().puts("x").fails();
        one().reads("x", 3, 3).commits(0);
        isBadEverywhere("nobody committed x@3");
    }

    @Test
    void readOfWhatMayHaveBeenApplied_isGood() {
        one().puts("x").isUnknown(0);
        one().reads("x", 3, 3).commits(0);
        isGoodFrom(Level.SERIALIZABLE_SNAPSHOT);
    }

    @Test
    void unknownThatIsFoundToBeApplied_isOrderedLikeOthers() {
        one().puts("x").commits(2);
        one().reads("x", 2, 2).puts("x").isUnknown(3);
        one().reads("x", 2, 2).puts("x").commits(4);
        isGoodFrom(Level.READ_COMMITTED);
    }

    @Test
    void readThatWasNotTrueThen_isBadEverywhere() {
        one().puts("x").commits(2);
        one().puts("x").commits(3);
        one().reads("x", 2, 5).commits(0);
        isBadEverywhere("x@2 as of 5 was read, when there was @3");
    }

    @Test
    void absentAlthoughWritten_isBadEverywhere() {
        one().puts("a/x").commits(2);
        one().finds("a/", 3).commits(0);
        isBadEverywhere("a/x@0 as of 3 was read, when there was @2");
    }

    @Test
    void foundAlthoughDeleted_isBadEverywhere() {
        one().puts("x").commits(2);
        one().deletes("x").commits(3);
        one().reads("x", 2, 4).commits(0);
        isBadEverywhere("there was @3, a deletion");
    }

    @Test
    void writesThatReadEachOther_areBadEverywhere() {
        one().reads("y", 3, 3).puts("x").commits(2);
        one().reads("x", 2, 2).puts("y").commits(3);
        isBadEverywhere("wr x@2", "wr y@3");
    }

    @Test
    void versionWrittenTwice_isBadEverywhere() {
        one().puts("x").commits(2);
        one().puts("x").commits(2);
        isBadEverywhere("two wrote x@2");
    }

    /** It returned, and the next one did not see it. */
    @Test
    void staleRead_isBadWhereReadsCount() {
        one().puts("x").ends(2);
        one().puts("x").ends(3);
        one().reads("x", 2, 2).ends(0);
        isGoodFrom(Level.READ_COMMITTED);
        assertThat(bad(Level.REPEATABLE_READS)).contains("had returned before", "rw x@2");
    }

    @Test
    void tornReadsOfOneThatFailed_areBadAtTheSerializableLevels() {
        one().puts("x", "y").commits(2);
        one().puts("x", "y").commits(3);
        one().reads("x", 2, 2).reads("y", 3, 3).puts("z").fails();
        isGoodFrom(Level.REPEATABLE_READS);
    }

    @Test
    void deletionBetween_ordersReadersOfAbsence() {
        one().puts("x").commits(2);
        one().deletes("x").commits(3);
        one().reads("x", 0, 1).reads("y", 4, 4).commits(0);
        one().reads("x", 0, 3).puts("y").commits(4);
        isGoodFrom(Level.READ_COMMITTED);
    }

    /** It cannot be told from a key that was absent all the time. */
    @Test
    void absence_thatCameBack_isTheSame() {
        one().reads("x", 0, 1).finds("a/", 1).puts("y").commits(6);
        one().puts("x", "a/x").commits(2);
        one().deletes("x").commits(3);
        one().deletes("a/x").commits(4);
        one().reads("x", 0, 4).finds("a/", 4).puts("z").commits(5);
        isGoodFrom(Level.SERIALIZABLE_SNAPSHOT);
    }

    @Test
    void absence_thatDidNotComeBack_isNot() {
        one().reads("x", 0, 1).puts("y").commits(3);
        one().puts("x").commits(2);
        one().reads("x", 2, 2).reads("y", 0, 2).puts("z").commits(4);
        isGoodFrom(Level.READ_COMMITTED);
    }

    /** Every level against random executions of a store in which transactions do what the level permits. */
    @Test
    @SuppressWarnings("EnumOrdinal") // The levels are in order.
    void randomExecutions_atEachLevel_areGoodThereAndSometimesBadAbove() {
        Random random = new Random(7);
        for (Level level : Level.values()) {
            int stricter = 0;
            for (int i = 0; i < 300; i++) {
                history.clear();
                new RandomTransactions(level, random).run().forEach(history::add);
                assertThat(TransactionIsolation.violation(level, history))
                        .as("%s %s", level, history)
                        .isEmpty();
                stricter += level.ordinal() > 0
                                && TransactionIsolation.violation(Level.values()[level.ordinal() - 1], history)
                                        .isPresent()
                        ? 1
                        : 0;
            }
            System.out.println("transactions at " + level + ": histories = 300, bad one level above = " + stricter);
            assertThat(stricter).as(level.toString()).isGreaterThanOrEqualTo(level.ordinal() == 0 ? 0 : 10);
        }
    }
}
