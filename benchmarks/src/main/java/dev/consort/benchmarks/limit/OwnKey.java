/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.limit;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.jetcd.Guarded;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Op;

/**
 * A key that nobody else wants, put and deleted again: what no lock can do with less, since others must be able to see that it is
 * held. It excludes nobody.
 */
public final class OwnKey implements Locker {
    private final LeasedClient client;
    private final ByteSequence key;
    private final boolean guarded;

    private OwnKey(String endpoint, String name, boolean guarded) {
        this.client = new LeasedClient(endpoint);
        this.key = Guarded.ownKey(name, client.lease());
        this.guarded = guarded;
    }

    /** Put and delete. */
    public static OwnKey bare(String endpoint, String name) {
        return new OwnKey(endpoint, name, false);
    }

    /**
     * Put with the lease if it is absent, and delete if it is still the same: the least that lets nobody delete what is another's,
     * and leaves nothing behind when its owner dies.
     */
    public static OwnKey guarded(String endpoint, String name) {
        return new OwnKey(endpoint, name, true);
    }

    @Override
    public void locked(Runnable critical) {
        if (guarded) {
            lockedWithGuards(critical);
            return;
        }
        var unused = Must.answer(client.kv().put(key, bytes("")));
        critical.run();
        var unusedToo = Must.answer(client.kv().delete(key));
    }

    private void lockedWithGuards(Runnable critical) {
        TxnResponse put = Must.answer(client.kv()
                .txn()
                .If(Guarded.absent(key))
                .Then(Op.put(key, bytes(""), client.leased()))
                .commit());
        Must.hold(put.isSucceeded(), "the key was there");
        critical.run();
        TxnResponse deleted = Must.answer(client.kv()
                .txn()
                .If(Guarded.created(key, put.getHeader().getRevision()))
                .Then(Guarded.delete(key))
                .commit());
        Must.hold(deleted.isSucceeded(), "the key was not there any more");
    }

    @Override
    public void close() {
        client.close();
    }
}
