/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import dev.consort.stm.Stm.Committed;
import dev.consort.testkit.EtcdServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a transaction promises by itself and against one other writer, whatever server is behind it. */
abstract class StmContract {
    private final Party here = here();
    private final Party there = there();
    private final String p = Party.fresh();

    /** The one that all tests of the class share. */
    abstract EtcdServer server();

    /** Whose transactions are tested. */
    abstract Party here();

    /** Who comes between. */
    abstract Party there();

    private Stm stm() {
        return Stm.on(here.connection);
    }

    private static long number(Optional<String> text) {
        return text.map(Long::parseLong).orElse(0L);
    }

    // what it does

    @ParameterizedTest
    @EnumSource
    void readModifyWrite_uncontended_isDoneOnce(Isolation isolation) throws InterruptedException {
        there.put(p + "n", "41");
        Committed<Long> done = here.at(isolation).runCommitted(tx -> {
            long next = number(tx.get(p + "n")) + 1;
            tx.put(p + "n", Long.toString(next));
            return next;
        });
        assertThat(done.result()).isEqualTo(42);
        assertThat(done.attempts()).isEqualTo(1);
        assertThat(done.revision()).isEqualTo(there.modRevision(p + "n"));
        assertThat(there.value(p + "n")).hasValue("42");
        assertThat(there.version(p + "n")).isEqualTo(2);
    }

    @Test
    void severalKeys_areWrittenInOneRevision() throws InterruptedException {
        there.put(p + "gone", "x");
        Stm.run(here.connection, tx -> {
            tx.put(p + "a", "1");
            tx.put(p + "b", "2");
            tx.put(p + "b", "3");
            tx.delete(p + "gone");
            tx.delete(p + "never");
            return true;
        });
        assertThat(there.modRevision(p + "a")).isEqualTo(there.modRevision(p + "b"));
        assertThat(there.value(p + "b")).hasValue("3");
        assertThat(there.value(p + "gone")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void reads_seeItsOwnWrites(Isolation isolation) throws InterruptedException {
        there.put(p + "a", "old");
        there.put(p + "b", "kept");
        there.put(p + "d", "deleted");
        here.at(isolation).runWithoutResult(tx -> {
            assertThat(tx.get(p + "a")).hasValue("old");
            tx.put(p + "a", "new");
            tx.put(p + "c", "added");
            tx.delete(p + "d");
            assertThat(tx.get(p + "a")).hasValue("new");
            assertThat(tx.get(p + "d")).isEmpty();
            assertThat(tx.range(p))
                    .containsExactly(entry(p + "a", "new"), entry(p + "b", "kept"), entry(p + "c", "added"));
            assertThat(tx.revision(p + "a")).isEqualTo(there.modRevision(p + "a"));
            assertThat(tx.revision(p + "c")).isZero();
            tx.delete(p + "c");
            tx.put(p + "d", "again");
            assertThat(tx.range(p).keySet()).containsExactly(p + "a", p + "b", p + "d");
        });
        assertThat(there.value(p + "c")).isEmpty();
        assertThat(there.value(p + "d")).hasValue("again");
    }

    @Test
    void range_isOfItsPrefixInTheOrderOfBytes() throws InterruptedException {
        String outside = p.substring(0, p.length() - 1);
        for (String key :
                List.of(p + "b", p + "a", p + "\uFFFDbeforeTheNext", p + "😀", outside, outside + "0", outside + ".")) {
            there.put(key, key);
        }
        Map<String, String> found = stm().run(tx -> tx.range(p));
        assertThat(found.keySet()).containsExactly(p + "a", p + "b", p + "\uFFFDbeforeTheNext", p + "😀");
        assertThatThrownBy(() -> found.put("x", "y")).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void namespace_isBeforeEveryKey() throws InterruptedException {
        try (Party inside = new Party(server(), p)) {
            there.put(p + "a", "1");
            Stm.on(inside.connection).runWithoutResult(tx -> {
                assertThat(tx.range("a").keySet()).containsExactly("a");
                assertThat(tx.get("a")).hasValue("1");
                tx.prefetch("b", "c");
                tx.put("b", "2");
                tx.delete("a");
            });
            assertThat(there.value(p + "b")).hasValue("2");
            assertThat(there.value(p + "a")).isEmpty();
        }
    }

    @Test
    void typedValues_passTheirCodec() throws InterruptedException {
        Codec<Integer> number = new Codec<>() {
            @Override
            public byte[] encode(Integer value) {
                return new byte[] {value.byteValue()};
            }

            @Override
            public Integer decode(byte[] bytes) {
                return (int) bytes[0];
            }
        };
        stm().runWithoutResult(tx -> {
            tx.put(p + "n", 7, number);
            tx.put(p + "m", 8, number);
            assertThat(tx.get(p + "n", number)).hasValue(7);
            assertThat(tx.range(p, number)).containsExactly(entry(p + "m", 8), entry(p + "n", 7));
        });
        assertThat(stm().<Optional<byte[]>, RuntimeException>run(tx -> tx.get(p + "n", Codec.bytes())))
                .hasValueSatisfying(bytes -> assertThat(bytes).containsExactly(7));
    }

    @Test
    void nothingReadOrWritten_asksNothing() throws InterruptedException {
        long before = here.log.counts().unaryCalls();
        Committed<String> done = stm().runCommitted(tx -> "same");
        assertThat(done).isEqualTo(new Committed<>("same", 0, 1));
        assertThat(here.log.counts().unaryCalls()).isEqualTo(before);
    }

    // isolation

    /** Runs a body, and another writer once, at the place where the body asks for it. */
    private int attempts(Isolation isolation, Interleaved body) throws InterruptedException {
        AtomicInteger ran = new AtomicInteger();
        return here.at(isolation)
                .runCommitted(tx -> {
                    int attempt = ran.incrementAndGet();
                    body.run(tx, other -> {
                        if (attempt == 1) {
                            other.run();
                        }
                    });
                    return true;
                })
                .attempts();
    }

    private interface Interleaved {
        void run(Transaction tx, Consumer<Runnable> meanwhile);
    }

    private static int again(boolean conflict) {
        return conflict ? 2 : 1;
    }

    @ParameterizedTest
    @EnumSource
    void lostUpdate_isPossibleAtReadCommittedOnly(Isolation isolation) throws InterruptedException {
        there.put(p + "n", "1");
        int attempts = attempts(isolation, (tx, meanwhile) -> {
            long n = number(tx.get(p + "n"));
            meanwhile.accept(() -> there.put(p + "n", "10"));
            tx.put(p + "n", Long.toString(n + 1));
        });
        assertThat(attempts).isEqualTo(again(isolation != Isolation.READ_COMMITTED));
        assertThat(there.value(p + "n")).hasValue(isolation == Isolation.READ_COMMITTED ? "2" : "11");
    }

    @ParameterizedTest
    @EnumSource
    void writeSkew_isPossibleAtReadCommittedOnly(Isolation isolation) throws InterruptedException {
        there.put(p + "x", "1");
        there.put(p + "y", "1");
        int attempts = attempts(isolation, (tx, meanwhile) -> {
            long sum = number(tx.get(p + "x")) + number(tx.get(p + "y"));
            meanwhile.accept(() -> there.put(p + "y", "0"));
            if (sum == 2) {
                tx.put(p + "x", "0");
            }
        });
        assertThat(attempts).isEqualTo(again(isolation != Isolation.READ_COMMITTED));
        assertThat(there.value(p + "x")).hasValue(isolation == Isolation.READ_COMMITTED ? "0" : "1");
    }

    @ParameterizedTest
    @EnumSource
    void keyReadAsAbsent_createdMeanwhile_isAConflictWhereReadsAreChecked(Isolation isolation)
            throws InterruptedException {
        int attempts = attempts(isolation, (tx, meanwhile) -> {
            boolean free = tx.get(p + "n").isEmpty();
            meanwhile.accept(() -> there.put(p + "n", "theirs"));
            if (free) {
                tx.put(p + "n", "mine");
            }
        });
        assertThat(attempts).isEqualTo(again(isolation != Isolation.READ_COMMITTED));
        assertThat(there.value(p + "n")).hasValue(isolation == Isolation.READ_COMMITTED ? "mine" : "theirs");
    }

    @ParameterizedTest
    @EnumSource
    void laterReads_areOfTheFirstOnesRevisionAtTheSerializableLevels(Isolation isolation) throws InterruptedException {
        there.put(p + "x", "1");
        there.put(p + "y", "1");
        List<String> seen = new ArrayList<>();
        int attempts = attempts(isolation, (tx, meanwhile) -> {
            String x = tx.get(p + "x").orElseThrow();
            meanwhile.accept(() -> {
                there.put(p + "x", "2");
                there.put(p + "y", "2");
                there.put(p + "z", "2");
            });
            seen.add(x + tx.get(p + "y").orElseThrow() + tx.range(p).size());
        });
        boolean snapshot = isolation == Isolation.SERIALIZABLE_SNAPSHOT || isolation == Isolation.SERIALIZABLE;
        assertThat(seen.get(0)).isEqualTo(snapshot ? "112" : "123");
        // A transaction that only reads is good as of its snapshot; without one it is looked at again.
        assertThat(attempts).isEqualTo(again(isolation == Isolation.REPEATABLE_READS));
        assertThat(seen.get(seen.size() - 1))
                .isEqualTo(snapshot ? "112" : isolation == Isolation.READ_COMMITTED ? "123" : "223");
    }

    @ParameterizedTest
    @EnumSource
    void keyReadAgain_isAsItWas(Isolation isolation) throws InterruptedException {
        there.put(p + "x", "1");
        AtomicInteger ran = new AtomicInteger();
        here.at(isolation).runWithoutResult(tx -> {
            if (ran.incrementAndGet() == 1) {
                assertThat(tx.get(p + "x")).hasValue("1");
                there.put(p + "x", "2");
                assertThat(tx.get(p + "x")).hasValue("1");
                assertThat(tx.range(p).values()).containsExactly("1");
                there.put(p + "y", "2");
                assertThat(tx.range(p).values()).containsExactly("1");
            }
        });
    }

    /** What somebody does to a prefix that was read. */
    private enum Change {
        ADD,
        ADD_TO_EMPTY,
        CHANGE,
        DELETE,
        DELETE_ALL,
        DELETE_AND_CREATE
    }

    private void befall(Change change) {
        switch (change) {
            case ADD, ADD_TO_EMPTY -> there.put(p + "in/new", "1");
            case CHANGE -> there.put(p + "in/a", "2");
            case DELETE -> there.delete(p + "in/a");
            case DELETE_ALL -> there.deleteAll(p + "in/");
            case DELETE_AND_CREATE -> {
                there.delete(p + "in/a");
                there.put(p + "in/a", "1");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void prefixRead_whateverHappensToIt_isAConflictWhereThatIsPromised(Change change) throws InterruptedException {
        boolean phantom = change == Change.ADD || change == Change.ADD_TO_EMPTY;
        for (Isolation isolation : Isolation.values()) {
            there.deleteAll(p);
            if (change != Change.ADD_TO_EMPTY) {
                there.put(p + "in/a", "1");
                there.put(p + "in/b", "1");
            }
            int attempts = attempts(isolation, (tx, meanwhile) -> {
                int size = tx.range(p + "in/").size();
                meanwhile.accept(() -> befall(change));
                tx.put(p + "sum", Integer.toString(size));
            });
            boolean noticed = isolation.readsSnapshot() || (isolation == Isolation.REPEATABLE_READS && !phantom);
            assertThat(attempts).as("%s at %s", change, isolation).isEqualTo(again(noticed));
        }
    }

    @ParameterizedTest
    @EnumSource
    void keyWrittenUnread_changedMeanwhile_isAConflictAtSerializableSnapshotOnly(Isolation isolation)
            throws InterruptedException {
        there.put(p + "a", "1");
        int attempts = attempts(isolation, (tx, meanwhile) -> {
            tx.get(p + "a");
            meanwhile.accept(() -> there.put(p + "b", "theirs"));
            tx.put(p + "b", "mine");
        });
        assertThat(attempts).isEqualTo(again(isolation == Isolation.SERIALIZABLE_SNAPSHOT));
        assertThat(there.value(p + "b")).hasValue("mine");
    }

    @Test
    void keyWrittenUnread_nothingReadAtAll_isWritten() throws InterruptedException {
        there.put(p + "b", "theirs");
        assertThat(attempts(Isolation.SERIALIZABLE_SNAPSHOT, (tx, meanwhile) -> {
                    meanwhile.accept(() -> there.put(p + "b", "theirs again"));
                    tx.put(p + "b", "mine");
                }))
                .isEqualTo(1);
        assertThat(there.value(p + "b")).hasValue("mine");
    }

    /** What a prefix told need not be asked again, and is checked all the same. */
    @ParameterizedTest
    @EnumSource(names = "READ_COMMITTED", mode = EnumSource.Mode.EXCLUDE)
    void absentKeyOfAPrefixRead_createdMeanwhile_isAConflict(Isolation isolation) throws InterruptedException {
        there.put(p + "in/a", "1");
        int attempts = attempts(isolation, (tx, meanwhile) -> {
            assertThat(tx.range(p + "in/")).isNotEmpty();
            long calls = here.log.counts().unaryCalls();
            boolean free = tx.get(p + "in/b").isEmpty();
            assertThat(here.log.counts().unaryCalls()).isEqualTo(calls);
            meanwhile.accept(() -> there.put(p + "in/b", "theirs"));
            if (free) {
                tx.put(p + "in/b", "mine");
            }
        });
        assertThat(attempts).isEqualTo(2);
        assertThat(there.value(p + "in/b")).hasValue("theirs");
    }

    // conflicts

    @Test
    void attempts_usedUp_failsNamingAKeyAndWritesNothing() {
        there.put(p + "read", "0");
        AtomicInteger ran = new AtomicInteger();
        assertThatExceptionOfType(TransactionConflictException.class)
                .isThrownBy(() -> stm().maxAttempts(3).run(tx -> {
                    tx.get(p + "quiet");
                    tx.get(p + "read");
                    there.put(p + "read", Integer.toString(ran.incrementAndGet()));
                    tx.put(p + "mine", "x");
                    return true;
                }))
                .withMessageContainingAll("Stm '" + p + "read'", "each of 3 attempts", "nothing was written")
                .satisfies(conflict -> {
                    assertThat(conflict.attempts()).isEqualTo(3);
                    assertThat(conflict.key()).isEqualTo(p + "read");
                });
        assertThat(ran).hasValue(3);
        assertThat(there.value(p + "mine")).isEmpty();
    }

    /** Each names the key that was the reason, however it was read. */
    @Test
    void conflictingKey_isNamed_alsoInAPrefixAndWrittenUnread() {
        there.put(p + "in/a", "1");
        there.put(p + "in/b", "1");
        assertConflict(p + "in/b", tx -> tx.range(p + "in/"), () -> there.put(p + "in/b", "2"));
        assertConflict(p + "in/a", tx -> tx.range(p + "in/"), () -> there.delete(p + "in/a"));
        assertConflict(p + "in/c", tx -> tx.range(p + "in/"), () -> there.put(p + "in/c", "2"));
        assertConflict(p + "mine", tx -> tx.get(p + "other"), () -> there.put(p + "mine", "2"));
    }

    private void assertConflict(String key, Consumer<Transaction> read, Runnable meanwhile) {
        assertThatExceptionOfType(TransactionConflictException.class)
                .isThrownBy(() -> stm().maxAttempts(1).run(tx -> {
                    read.accept(tx);
                    meanwhile.run();
                    tx.put(p + "mine", "x");
                    return true;
                }))
                .satisfies(conflict -> assertThat(conflict.key()).isEqualTo(key));
    }

    @Test
    void writersOfOneKey_all64_loseNothing() throws Exception {
        List<CompletableFuture<Integer>> writers = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            Party party = i % 2 == 0 ? here : there;
            writers.add(Stm.on(party.connection).<Integer>runAsync(tx -> {
                int next = (int) number(tx.get(p + "n")) + 1;
                tx.put(p + "n", Integer.toString(next));
                return next;
            }));
        }
        List<Integer> given = new ArrayList<>();
        for (CompletableFuture<Integer> writer : writers) {
            given.add(writer.get(30, TimeUnit.SECONDS));
        }
        assertThat(given)
                .containsExactlyInAnyOrder(IntStream.rangeClosed(1, 64).boxed().toArray(Integer[]::new));
        assertThat(there.value(p + "n")).hasValue("64");
        assertThat(there.version(p + "n")).isEqualTo(64);
    }

    // user code that fails

    @Test
    void bodyThrows_itsExceptionPassesAndNothingIsWritten() {
        IOException thrown = new IOException("mine");
        AtomicInteger ran = new AtomicInteger();
        assertThatThrownBy(() -> stm().run(tx -> {
                    ran.incrementAndGet();
                    tx.get(p + "a");
                    tx.put(p + "a", "x");
                    throw thrown;
                }))
                .isSameAs(thrown);
        assertThat(ran).hasValue(1);
        assertThat(there.value(p + "a")).isEmpty();
    }

    @Test
    void codecThrows_namesTheKeyAndWritesNothing() {
        there.putBytes((p + "bad").getBytes(StandardCharsets.UTF_8), new byte[] {(byte) 0xff});
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> stm().run(tx -> tx.get(p + "bad")))
                .withMessageContainingAll("Stm '" + p + "bad'", "decode");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> stm().run(tx -> tx.range(p)))
                .withMessageContainingAll("Stm '" + p + "bad'", "decode");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> stm().runWithoutResult(tx -> {
                    tx.put(p + "good", "x");
                    tx.put(p + "half", "\ud83d");
                }))
                .withMessageContainingAll("Stm '" + p + "half'", "encode");
        assertThat(there.value(p + "good")).isEmpty();
    }

    @Test
    void keyThatIsNoText_inAPrefix_isToldClearly() {
        byte[] key = (p + "x").getBytes(StandardCharsets.UTF_8);
        key[key.length - 1] = (byte) 0xff;
        there.putBytes(key, new byte[0]);
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> stm().run(tx -> tx.range(p)))
                .withMessageContainingAll(p, "no UTF-8");
    }

    @Test
    void handle_afterItsAttempt_isRefused() throws InterruptedException {
        AtomicReference<Transaction> kept = new AtomicReference<>();
        stm().runWithoutResult(kept::set);
        Transaction tx = Objects.requireNonNull(kept.get());
        for (Runnable use : List.<Runnable>of(
                () -> tx.get(p + "a"),
                () -> tx.put(p + "a", "x"),
                () -> tx.delete(p + "a"),
                () -> tx.range(p),
                () -> tx.revision(p + "a"),
                () -> tx.prefetch(p + "a"))) {
            assertThatIllegalStateException().isThrownBy(use::run).withMessageContaining("has ended");
        }
        assertThat(there.value(p + "a")).isEmpty();
    }

    @Test
    void handle_onAnotherThread_isRefused() throws InterruptedException {
        stm().runWithoutResult(tx -> assertThatThrownBy(() ->
                        CompletableFuture.runAsync(() -> tx.put(p + "a", "x")).join())
                .hasCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("thread that runs its body"));
        assertThat(there.value(p + "a")).isEmpty();
    }

    // bad input

    @Test
    void keys_thatCannotBe_areRefused() throws InterruptedException {
        stm().runWithoutResult(tx -> {
            assertThatIllegalArgumentException().isThrownBy(() -> tx.get("")).withMessageContaining("key '' is empty");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> tx.put("consort/session/1/receipt/2", "x"))
                    .withMessageContaining("consort/session/");
            assertThatIllegalArgumentException().isThrownBy(() -> tx.delete("half \ud83d"));
            for (String prefix : List.of("", "c", "consort/", "consort/session/", "consort/session/1")) {
                assertThatIllegalArgumentException()
                        .as(prefix)
                        .isThrownBy(() -> tx.range(prefix))
                        .withMessageContaining("prefix '" + prefix + "'");
            }
            assertThat(tx.range("consort/sessions/")).isEmpty();
        });
        assertThatIllegalArgumentException().isThrownBy(() -> stm().prefetch("a", ""));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> stm().prefetch(
                                IntStream.range(0, 129).mapToObj(i -> p + i).toArray(String[]::new)))
                .withMessageContainingAll("129", "128");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> stm().maxAttempts(0))
                .withMessageContaining("0");
    }

    @Test
    @SuppressWarnings("NullAway") // what the test is about
    void null_isRefused() throws InterruptedException {
        assertThatNullPointerException().isThrownBy(() -> Stm.on(null));
        assertThatNullPointerException().isThrownBy(() -> stm().run(null));
        assertThatNullPointerException().isThrownBy(() -> stm().runAsync(null));
        assertThatNullPointerException().isThrownBy(() -> stm().isolation(null)).withMessage("isolation");
        assertThatNullPointerException().isThrownBy(() -> stm().executor(null)).withMessage("executor");
        stm().runWithoutResult(tx -> {
            assertThatNullPointerException().isThrownBy(() -> tx.get(null)).withMessage("key");
            assertThatNullPointerException()
                    .isThrownBy(() -> tx.put(p + "a", (String) null))
                    .withMessage("value");
            assertThatNullPointerException()
                    .isThrownBy(() -> tx.get(p + "a", null))
                    .withMessage("codec");
        });
    }

    @Test
    void closedConnection_isToldAtOnce() {
        Party gone = new Party(server());
        Stm before = Stm.on(gone.connection);
        gone.close();
        long start = System.nanoTime();
        assertThatThrownBy(() -> Stm.on(gone.connection)).hasMessageContaining("closed");
        assertThatThrownBy(() -> before.run(tx -> tx.get(p + "a"))).hasMessageContaining("closed");
        assertThatThrownBy(() -> before.runWithoutResult(tx -> tx.put(p + "a", "x")))
                .hasMessageContaining("closed");
        assertThat(before.runAsync(tx -> tx.get(p + "a")))
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withMessageContaining("closed");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    }
}
