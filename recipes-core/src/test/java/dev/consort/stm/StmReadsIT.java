/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.consort.testkit.EmbeddedEtcd;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What counts as read, so that a change of it is a conflict, and what does not. */
class StmReadsIT {
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Party here = new Party(etcd);
    private static final Party there = new Party(etcd);

    private final String p = Party.fresh();

    @AfterAll
    static void leave() {
        there.close();
        here.close();
        etcd.close();
    }

    /** How often a transaction runs that writes a key of its own, and is overtaken the first time, after it has read. */
    private int attempts(Isolation isolation, Consumer<Transaction> reads, Runnable meanwhile)
            throws InterruptedException {
        int[] ran = {0};
        return here.at(isolation)
                .runCommitted(tx -> {
                    reads.accept(tx);
                    if (ran[0]++ == 0) {
                        meanwhile.run();
                    }
                    tx.put(p + "own", "x");
                    return true;
                })
                .attempts();
    }

    @ParameterizedTest
    @EnumSource
    void revision_countsAsRead(Isolation isolation) throws InterruptedException {
        there.put(p + "n", "1");
        assertThat(attempts(isolation, tx -> tx.revision(p + "n"), () -> there.put(p + "n", "2")))
                .isEqualTo(isolation == Isolation.READ_COMMITTED ? 1 : 2);
    }

    @ParameterizedTest
    @EnumSource
    void keysReadAhead_doNotCountBeforeTheyAreRead(Isolation isolation) throws InterruptedException {
        Consumer<Transaction> readsOne = tx -> {
            tx.prefetch(p + "alone");
            tx.prefetch(p + "a", p + "b");
            assertThat(tx.get(p + "a")).isEmpty();
        };
        assertThat(attempts(isolation, readsOne, () -> {
                    there.put(p + "alone", "1");
                    there.put(p + "b", "1");
                }))
                .isEqualTo(1);
        assertThat(attempts(isolation, readsOne.andThen(tx -> tx.get(p + "b")), () -> there.put(p + "b", "2")))
                .isEqualTo(isolation == Isolation.READ_COMMITTED ? 1 : 2);
    }

    /** What was read first is what is so, also where each read sees what is there by then. */
    @ParameterizedTest
    @EnumSource
    void keysReadBeforeTheirPrefix_areInItAsTheyWere(Isolation isolation) throws InterruptedException {
        there.put(p + "in/gone", "1");
        int[] ran = {0};
        here.at(isolation).runWithoutResult(tx -> {
            if (ran[0]++ == 0) {
                assertThat(tx.get(p + "in/gone")).hasValue("1");
                assertThat(tx.get(p + "in/come")).isEmpty();
                there.delete(p + "in/gone");
                there.put(p + "in/come", "1");
                assertThat(tx.range(p + "in/").keySet()).containsExactly(p + "in/gone");
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"SERIALIZABLE_SNAPSHOT", "SERIALIZABLE"})
    void keysReadAhead_areOfTheSnapshot(Isolation isolation) throws InterruptedException {
        there.put(p + "a", "1");
        here.at(isolation).runWithoutResult(tx -> {
            assertThat(tx.get(p + "a")).hasValue("1");
            there.put(p + "b", "2");
            there.put(p + "c", "2");
            there.put(p + "d", "2");
            tx.prefetch(p + "b");
            tx.prefetch(p + "c", p + "d");
            assertThat(tx.get(p + "b")).isEmpty();
            assertThat(tx.get(p + "c")).isEmpty();
        });
    }

    /** The second attempt begins with what the refusal of the first one told, and as of then. */
    @ParameterizedTest
    @EnumSource(names = {"SERIALIZABLE_SNAPSHOT", "SERIALIZABLE"})
    void secondAttempt_readsAsOfTheRefusal(Isolation isolation) throws InterruptedException {
        int[] ran = {0};
        here.at(isolation).runWithoutResult(tx -> {
            int attempt = ++ran[0];
            if (attempt == 2) {
                there.put(p + "b", "since");
                assertThat(tx.get(p + "a")).hasValue("1");
                assertThat(tx.get(p + "b")).isEmpty();
                return;
            }
            assertThat(tx.get(p + "a")).isEmpty();
            there.put(p + "a", "1");
            tx.put(p + "own", "x");
        });
        assertThat(ran[0]).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource
    void onlyReads_areCommittedAtTheLastRevisionRead(Isolation isolation) throws InterruptedException {
        long first = there.put(p + "a", "1");
        long[] last = {first};
        int[] ran = {0};
        assertThat(here.at(isolation)
                        .runCommitted(tx -> {
                            tx.get(p + "a");
                            if (ran[0]++ == 0) {
                                last[0] = there.put(p + "other", "1");
                            }
                            return tx.get(p + "b");
                        })
                        .revision())
                .isEqualTo(isolation.readsSnapshot() ? first : last[0]);
    }

    @Test
    void prefixReadInANamespace_keyAddedMeanwhile_isAConflict() throws InterruptedException {
        int[] ran = {0};
        try (Party inside = new Party(etcd, p)) {
            Stm.on(inside.connection).runWithoutResult(tx -> {
                int size = tx.range("in/").size();
                if (ran[0]++ == 0) {
                    there.put(p + "in/new", "1");
                }
                tx.put("size", Integer.toString(size));
            });
        }
        assertThat(there.value(p + "size")).hasValue("1");
    }

    @Test
    void range_hasOwnWritesOfItsPrefixOnly() throws InterruptedException {
        there.put(p + "in/a", "1");
        there.put(p + "out/a", "1");
        Stm.on(here.connection).runWithoutResult(tx -> {
            tx.put(p + "in/b", "2");
            tx.put(p + "out/b", "2");
            tx.delete(p + "out/a");
            assertThat(tx.range(p + "in/").keySet()).containsExactly(p + "in/a", p + "in/b");
            assertThat(tx.range(p + "out/").keySet()).containsExactly(p + "out/b");
        });
    }

    @Test
    void prefetch_ofMoreThanARequestTakes_isRefused() throws InterruptedException {
        String[] most = IntStream.range(0, 128).mapToObj(i -> p + i).toArray(String[]::new);
        Stm.on(here.connection).runWithoutResult(tx -> {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> tx.prefetch(
                            IntStream.range(0, 129).mapToObj(i -> p + i).toArray(String[]::new)))
                    .withMessageContainingAll("129", "128");
            tx.prefetch(most);
            tx.prefetch(IntStream.range(64, 192).mapToObj(i -> p + i).toArray(String[]::new)); // half of it is known
        });
    }
}
