/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.op.Op;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** A contender, and keys of others that are there all the time. */
final class Crowd implements Contender {
    private static final int OPERATIONS = 100; // of a transaction, of which etcd takes 128

    private final Contender contender;
    private final LeasedClient others;

    private Crowd(Contender contender, LeasedClient others) {
        this.contender = contender;
        this.others = others;
    }

    /** Puts the keys, and then opens the contender. */
    static Contender of(String endpoint, int keys, IntFunction<String> key, Supplier<Contender> contender) {
        LeasedClient others = new LeasedClient(endpoint);
        for (int from = 0; from < keys; from += OPERATIONS) {
            List<Op> puts = IntStream.range(from, Math.min(keys, from + OPERATIONS))
                    .<Op>mapToObj(i -> Op.put(bytes(key.apply(i)), bytes(""), others.leased()))
                    .toList();
            var unused =
                    Must.answer(others.kv().txn().Then(puts.toArray(Op[]::new)).commit());
        }
        return new Crowd(contender.get(), others);
    }

    @Override
    public int participants() {
        return contender.participants();
    }

    @Override
    public int operate(int participant) throws InterruptedException {
        return contender.operate(participant);
    }

    @Override
    public void wake() {
        contender.wake();
    }

    @Override
    public void settle() {
        contender.settle();
    }

    @Override
    public void close() {
        contender.close();
        others.close();
    }
}
