/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.goconcurrency;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.jetcd.Guarded;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;

/**
 * The algorithm of {@code Election} in etcd's {@code client/v3/concurrency/election.go}: puts a key of its own, and leads when none
 * that is older is left. Resigns by a delete that is guarded by the key's create revision.
 */
public final class GoElection implements Locker {
    private final LeasedClient client;
    private final ByteSequence prefix;
    private final ByteSequence key;

    public GoElection(String endpoint, String name) {
        this.client = new LeasedClient(endpoint);
        this.prefix = bytes(name + "/");
        this.key = Guarded.ownKey(name, client.lease());
    }

    @Override
    public void locked(Runnable critical) {
        long term = campaign("candidate");
        critical.run();
        resign(term);
    }

    /** Waits until it leads. */
    long campaign(String value) {
        TxnResponse answer = Must.answer(client.kv()
                .txn()
                .If(Guarded.absent(key))
                .Then(Op.put(key, bytes(value), client.leased()))
                .Else(Op.get(key, GetOption.DEFAULT))
                .commit());
        Must.hold(answer.isSucceeded(), "the key of before is still there");
        long term = answer.getHeader().getRevision();
        Predecessors.awaitGone(client.client(), prefix, term - 1);
        return term;
    }

    void resign(long term) {
        TxnResponse answer = Must.answer(client.kv()
                .txn()
                .If(Guarded.created(key, term))
                .Then(Guarded.delete(key))
                .commit());
        Must.hold(answer.isSucceeded(), "the leadership was lost");
    }

    @Override
    public void close() {
        client.close();
    }
}
