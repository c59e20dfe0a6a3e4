/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.jetcd.Guarded;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.op.Op;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Observers of an election in one process. An operation is a change of leader that all of them have been told of: one transaction that
 * puts the key of the next leader and deletes that of the one before, the same for all contenders.
 */
public final class ObserverContender implements Contender {
    private static final int PATIENCE = 60; // seconds

    private final LeasedClient leaders;
    private final String name;
    private final AutoCloseable observers;
    private final AtomicIntegerArray told; // the last leader that each has been told of
    private volatile Change change; // replaced by the one participant

    /** A leader, and how many observers have not been told of it. */
    private record Change(int leader, CountDownLatch untold) {}

    /** Opens observers of the election of a name. */
    @FunctionalInterface
    public interface Opening {
        AutoCloseable open(String endpoint, String name, int count, Listener listener);
    }

    /** Told of leaders. */
    @FunctionalInterface
    public interface Listener {
        void leads(int observer, String value);
    }

    /** Opens them, and waits until each has been told of the first leader. */
    public ObserverContender(String endpoint, String name, int count, Opening opening) {
        this.leaders = new LeasedClient(endpoint);
        this.name = name;
        this.told = new AtomicIntegerArray(count);
        this.change = new Change(1, new CountDownLatch(count));
        var unused = Must.answer(leaders.kv().put(key(1), bytes("1"), leaders.leased()));
        this.observers = opening.open(endpoint, name, count, this::told);
        awaitAllTold();
    }

    private ByteSequence key(int leader) {
        return bytes(name + "/" + Integer.toHexString(leader));
    }

    private void told(int observer, String value) {
        Change now = change;
        int leader = Integer.parseInt(value);
        if (leader == now.leader && told.getAndSet(observer, leader) != leader) {
            now.untold.countDown();
        }
    }

    private void awaitAllTold() {
        boolean all = Must.succeed(() -> change.untold.await(PATIENCE, TimeUnit.SECONDS));
        Must.hold(all, change.untold.getCount() + " observers have not been told of a leader");
    }

    @Override
    public int participants() {
        return 1;
    }

    @Override
    public int operate(int participant) {
        int before = change.leader;
        int next = before + 1;
        change = new Change(next, new CountDownLatch(told.length()));
        var unused = Must.answer(leaders.kv()
                .txn()
                .Then(Op.put(key(next), bytes(String.valueOf(next)), leaders.leased()), Guarded.delete(key(before)))
                .commit());
        awaitAllTold();
        return 1;
    }

    @Override
    public void close() {
        Must.succeed(() -> {
            observers.close();
            return true;
        });
        leaders.close();
    }
}
