/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.standingview;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.jetcd.Guarded;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock that is held by the oldest claim of its prefix, as each participant sees it in a view of its own: one watch, which stands all
 * the time. Nobody opens a watch too late, but each event goes to everybody.
 */
public final class StandingViewMutex implements Locker {
    private final LeasedClient client;
    private final ByteSequence key;
    private final Watcher watcher;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final TreeMap<Long, ByteSequence> claims = new TreeMap<>(); // by create revision

    @GuardedBy("lock")
    private long seen; // revision

    @GuardedBy("lock")
    private long mine; // create revision, 0 while it does not wait

    @GuardedBy("lock")
    private CompletableFuture<Void> granted = new CompletableFuture<>();

    public StandingViewMutex(String endpoint, String name) {
        client = new LeasedClient(endpoint);
        key = Guarded.ownKey(name, client.lease());
        ByteSequence prefix = bytes(name + "/");
        GetResponse now = Must.answer(
                client.kv().get(prefix, GetOption.builder().isPrefix(true).build()));
        lock.lock();
        try {
            now.getKvs().forEach(this::claimed);
        } finally {
            lock.unlock();
        }
        WatchOption option = WatchOption.builder()
                .isPrefix(true)
                .withRevision(now.getHeader().getRevision() + 1)
                .build();
        watcher = client.client().getWatchClient().watch(prefix, option, this::seen);
    }

    @GuardedBy("lock")
    private void claimed(KeyValue claim) {
        claims.put(claim.getCreateRevision(), claim.getKey());
    }

    private void seen(WatchResponse answer) {
        lock.lock();
        try {
            for (WatchEvent event : answer.getEvents()) {
                seen = event.getKeyValue().getModRevision();
                if (event.getEventType() == WatchEvent.EventType.PUT) {
                    claimed(event.getKeyValue());
                } else {
                    claims.values().remove(event.getKeyValue().getKey());
                }
            }
            grantIfFirst();
        } finally {
            lock.unlock();
        }
    }

    /** A claim that has been seen, and that nobody else deletes, is there. */
    @GuardedBy("lock")
    private void grantIfFirst() {
        if (mine > 0 && seen >= mine && claims.firstKey() == mine) {
            mine = 0;
            granted.complete(null);
        }
    }

    @Override
    public void locked(Runnable critical) {
        TxnResponse put = Must.answer(client.kv()
                .txn()
                .If(Guarded.absent(key))
                .Then(Op.put(key, bytes(""), client.leased()))
                .commit());
        Must.hold(put.isSucceeded(), "the key of before is still there");
        long revision = put.getHeader().getRevision();
        var unused = Must.answer(awaitTurn(revision));
        critical.run();
        TxnResponse deleted = Must.answer(client.kv()
                .txn()
                .If(Guarded.created(key, revision))
                .Then(Guarded.delete(key))
                .commit());
        Must.hold(deleted.isSucceeded(), "the lock was lost");
    }

    private CompletableFuture<Void> awaitTurn(long revision) {
        lock.lock();
        try {
            mine = revision;
            granted = new CompletableFuture<>();
            grantIfFirst();
            return granted;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        watcher.close();
        client.close();
    }
}
