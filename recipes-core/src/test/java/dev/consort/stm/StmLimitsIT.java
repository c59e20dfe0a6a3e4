/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.Codec;
import dev.consort.core.internal.SharedEtcd;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What is more than a real etcd takes is refused before it does, and what it takes is not (S22). */
class StmLimitsIT {
    private static final Party party = new Party(SharedEtcd.server());

    private final String p = Party.fresh();
    private final Stm stm = Stm.on(party.connection);

    @AfterAll
    static void leave() {
        party.close();
    }

    private void putMany(Transaction tx, int count) {
        for (int i = 0; i < count; i++) {
            tx.put(p + "w" + i, "x");
        }
    }

    @Test
    void writes_asManyAsEtcdTakes_areWritten() throws InterruptedException {
        stm.runWithoutResult(tx -> {
            putMany(tx, 127);
            putMany(tx, 127); // the same once more
        });
        assertThat(stm.<Map<String, String>, RuntimeException>run(tx -> tx.range(p)))
                .hasSize(127);
    }

    @Test
    void writes_oneMore_isRefusedAtOnceAndNothingWritten() throws InterruptedException {
        assertThatExceptionOfType(TransactionTooLargeException.class)
                .isThrownBy(() -> stm.runWithoutResult(tx -> putMany(tx, 128)))
                .withMessageContainingAll("Stm '" + p + "w127'", "127 keys", "nothing was written");
        assertThatExceptionOfType(TransactionTooLargeException.class)
                .as("also when the body catches it")
                .isThrownBy(() -> stm.runWithoutResult(tx -> {
                    assertThatThrownBy(() -> putMany(tx, 128)).isInstanceOf(TransactionTooLargeException.class);
                    assertThatThrownBy(() -> tx.put(p + "w0", "y")).isInstanceOf(TransactionTooLargeException.class);
                }));
        assertThat(stm.<Map<String, String>, RuntimeException>run(tx -> tx.range(p)))
                .isEmpty();
    }

    @Test
    void checks_asManyAsEtcdTakes_areMade_andOneMoreIsRefused() throws InterruptedException {
        stm.runWithoutResult(tx -> putMany(tx, 126));
        stm.runWithoutResult(tx -> {
            assertThat(tx.get(p + "none")).isEmpty();
            assertThat(tx.range(p)).hasSize(126); // and the prefix itself, which tells of the absent one, too
            putMany(tx, 126);
        });
        party.put(p + "w126", "x");
        assertThatExceptionOfType(TransactionTooLargeException.class)
                .isThrownBy(() -> stm.runWithoutResult(tx -> {
                    tx.range(p);
                    tx.put(p + "w0", "y");
                }))
                .withMessageContainingAll("128 keys and prefixes", "more than 127", "nothing was written");
        assertThat(party.value(p + "w0")).hasValue("x");
        stm.isolation(Isolation.READ_COMMITTED).runWithoutResult(tx -> {
            assertThat(tx.range(p)).hasSize(127);
            tx.put(p + "w0", "y");
        });
        assertThat(party.value(p + "w0")).hasValue("y");
    }

    /** Nothing is compared where nothing is written and all was read at one revision. */
    @Test
    void onlyReads_haveNoSuchLimit() throws InterruptedException {
        stm.runWithoutResult(tx -> putMany(tx, 127));
        party.put(p + "more", "x");
        party.put(p + "most", "x");
        for (Isolation isolation : Isolation.values()) {
            assertThat(stm.isolation(isolation).<Map<String, String>, RuntimeException>run(tx -> tx.range(p)))
                    .hasSize(129);
        }
    }

    @Test
    void bytes_asManyAsEtcdTakes_areWritten_andMoreRefused() throws InterruptedException {
        byte[] largest = new byte[CommitTxn.MAX_BYTES - 200];
        stm.runWithoutResult(tx -> {
            tx.get(p + "large", Codec.bytes());
            tx.put(p + "large", largest, Codec.bytes());
        });
        assertThat(party.version(p + "large")).isEqualTo(1);
        assertThatExceptionOfType(TransactionTooLargeException.class)
                .isThrownBy(() -> stm.runWithoutResult(tx -> {
                    tx.put(p + "small", "x");
                    tx.put(p + "large", new byte[CommitTxn.MAX_BYTES + 1], Codec.bytes());
                }))
                .as("at once, before another such value is made")
                .withMessageContainingAll(p + "large", "with this value of", "bytes", "nothing was written");
        assertThatExceptionOfType(TransactionTooLargeException.class)
                .as("what is around the values counts too")
                .isThrownBy(() -> stm.runWithoutResult(tx -> {
                    tx.put(p + "small", "x");
                    tx.put(
                            p + "large",
                            new byte[CommitTxn.MAX_BYTES - 2 * p.length() - "largesmallx".length()],
                            Codec.bytes());
                }))
                .withMessageContainingAll("a request of", p + "large", "nothing was written");
        assertThat(party.value(p + "small")).isEmpty();
        assertThat(party.version(p + "large")).isEqualTo(1);
    }

    /** A value written over and over counts once. */
    @Test
    void bytes_ofWhatIsOverwrittenOrDeleted_doNotCount() throws InterruptedException {
        stm.runWithoutResult(tx -> {
            for (int i = 0; i < 3; i++) {
                tx.put(p + "large", new byte[CommitTxn.MAX_BYTES - 200], Codec.bytes());
                tx.delete(p + "large");
            }
            tx.put(p + "small", "x");
        });
        assertThat(party.value(p + "small")).hasValue("x");
    }

    @Test
    void conflictOfAFullTransaction_isRunAgainToo() throws InterruptedException {
        int[] ran = {0};
        int attempts = stm.runCommitted(tx -> {
                    for (int i = 0; i < 127; i++) {
                        tx.get(p + "r" + i);
                    }
                    if (ran[0]++ == 0) {
                        party.put(p + "r5", "x");
                    }
                    tx.put(p + "r0", tx.get(p + "r5").orElse("none"));
                    return true;
                })
                .attempts();
        assertThat(attempts).isEqualTo(2);
        assertThat(party.value(p + "r0")).hasValue("x");
    }

    /** The reads of the failure branch are there to save time, and left out where they would not fit. */
    @Test
    void conflictOfALargeTransaction_isRunAgainToo() throws InterruptedException {
        String longKey = p + "r".repeat(4000); // once in a check, and once more in the read: that is too much
        byte[] large = new byte[CommitTxn.MAX_BYTES - 4300];
        int[] ran = {0};
        int attempts = stm.runCommitted(tx -> {
                    large[0] = tx.get(longKey).isEmpty() ? (byte) 1 : 2;
                    if (ran[0]++ == 0) {
                        party.put(longKey, "x");
                    }
                    tx.put(p + "large", large, Codec.bytes());
                    return true;
                })
                .attempts();
        assertThat(attempts).isEqualTo(2);
        byte[] written = stm.run(tx -> tx.get(p + "large", Codec.bytes()).orElseThrow());
        assertThat(written[0]).isEqualTo((byte) 2);
    }
}
