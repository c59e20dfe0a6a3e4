/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.goconcurrency;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.jetcd.Guarded;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;

/**
 * The algorithm of {@code Mutex} in etcd's {@code client/v3/concurrency/mutex.go}: puts a key of its own and reads the oldest one of
 * the queue in one transaction; owns the lock if that is its own, and else waits for those before it and reads its key once more.
 * Unlocks by an unguarded delete.
 */
public final class GoMutex implements Locker {
    private final LeasedClient client;
    private final ByteSequence prefix;
    private final ByteSequence key;

    public GoMutex(String endpoint, String name) {
        this.client = new LeasedClient(endpoint);
        this.prefix = bytes(name + "/");
        this.key = Guarded.ownKey(name, client.lease());
    }

    /** What it put, and whether that is the oldest claim. */
    private record Claim(long revision, boolean first) {}

    @Override
    public void locked(Runnable critical) {
        Claim mine = claim();
        if (!mine.first) {
            Predecessors.awaitGone(client.client(), prefix, mine.revision - 1);
            Must.hold(!Must.answer(client.kv().get(key)).getKvs().isEmpty(), "the lease is lost");
        }
        critical.run();
        var unused = Must.answer(client.kv().delete(key));
    }

    private Claim claim() {
        Op.GetOp oldest = Op.get(prefix, Guarded.firstCreated());
        TxnResponse answer = Must.answer(client.kv()
                .txn()
                .If(Guarded.absent(key))
                .Then(Op.put(key, bytes(""), client.leased()), oldest)
                .Else(Op.get(key, GetOption.DEFAULT), oldest)
                .commit());
        Must.hold(answer.isSucceeded(), "the key of before is still there");
        long revision = answer.getHeader().getRevision();
        KeyValue first = answer.getGetResponses().get(0).getKvs().get(0);
        return new Claim(revision, first.getCreateRevision() == revision);
    }

    /** As {@code TryLock}: whether it got the lock, which it gives back either way. */
    public boolean attempt() {
        Claim mine = claim();
        var unused = Must.answer(client.kv().delete(key));
        return mine.first;
    }

    @Override
    public void close() {
        client.close();
    }
}
