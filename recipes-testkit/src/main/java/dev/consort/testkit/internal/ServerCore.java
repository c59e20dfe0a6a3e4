/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.ResponseHeader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The state of a server, and the one lock that everything happens under, as etcd applies one request after the other.
 *
 * <p>Concurrency: everything reachable from here is confined to the lock unless it says otherwise, so {@link #apply} is
 * the only way in. What is to be sent to clients is put aside under the lock and sent after it, by the same thread.
 */
final class ServerCore {
    private final ReentrantLock lock = new ReentrantLock();

    private List<Runnable> afterwards = new ArrayList<>();

    private final EmbeddedSettings settings;
    private final ServerClock clock;
    private final MvccStore store = new MvccStore();
    private final WatchHub watches = new WatchHub(store);
    private final Lessor lessor;
    private final AuthStore auth;
    private final CommitLog log = new CommitLog();
    private final Set<Long> noSpace = new LinkedHashSet<>();
    private final Set<Runnable> ticks = new LinkedHashSet<>();
    private final long clusterId;
    private long term = 2;
    private long index = 3;
    private int leader;

    ServerCore(EmbeddedSettings settings, long clusterId, Random random) {
        this.settings = settings;
        this.clusterId = clusterId;
        this.clock = new ServerClock(settings.virtualClock());
        this.lessor = new Lessor(clock, random, settings.minimumTtl());
        this.auth = new AuthStore(clock, random, settings.tokenTtl());
    }

    /** Does something under the lock, and after it what this has put aside, also if it fails. */
    <T> T apply(Supplier<T> action) {
        List<Runnable> mine = List.of();
        lock.lock();
        try {
            return action.get();
        } finally {
            if (lock.getHoldCount() == 1 && !afterwards.isEmpty()) {
                mine = afterwards;
                afterwards = new ArrayList<>();
            }
            lock.unlock();
            mine.forEach(Runnable::run);
        }
    }

    void run(Runnable action) {
        var unused = apply(() -> {
            action.run();
            return true;
        });
    }

    /** Puts something aside until the lock is free. To be called under the lock. */
    void afterwards(Runnable action) {
        afterwards.add(action);
    }

    EmbeddedSettings settings() {
        return settings;
    }

    MvccStore store() {
        return store;
    }

    WatchHub watches() {
        return watches;
    }

    Lessor lessor() {
        return lessor;
    }

    AuthStore auth() {
        return auth;
    }

    CommitLog log() {
        return log;
    }

    ServerClock clock() {
        return clock;
    }

    Set<Long> noSpace() {
        return noSpace;
    }

    /** Things to do now and then, and when the clock is advanced. */
    Set<Runnable> ticks() {
        return ticks;
    }

    long term() {
        return term;
    }

    /** The number of requests that went through the log. */
    long index() {
        return index;
    }

    void countRequest() {
        index++;
    }

    int leader() {
        return leader;
    }

    long clusterId() {
        return clusterId;
    }

    WriteTxn begin() {
        return new WriteTxn(store, lessor);
    }

    /** Makes the revision, if there is one to be made, and tells the watches. */
    void commit(WriteTxn txn) {
        List<Event> changes = txn.end();
        if (!changes.isEmpty()) {
            log.add(store.revision(), changes);
            watches.publish(store.revision(), changes);
        }
    }

    ResponseHeader.Builder header(long memberId) {
        return header(memberId, store.revision());
    }

    ResponseHeader.Builder header(long memberId, long revision) {
        return ResponseHeader.newBuilder()
                .setClusterId(clusterId)
                .setMemberId(memberId)
                .setRevision(revision)
                .setRaftTerm(term);
    }

    /** Deletes the keys of a lease in one revision, and the lease. */
    void revoke(Lessor.Lease lease) {
        WriteTxn txn = begin();
        for (ByteString key : lease.keys()) {
            txn.delete(KeyRange.key(key));
        }
        commit(txn);
        lessor.remove(lease, store.revision());
    }

    /** Revokes what has expired, and does what else is due. */
    void tick() {
        for (Lessor.Lease lease = lessor.nextExpired(); lease != null; lease = lessor.nextExpired()) {
            revoke(lease);
        }
        List.copyOf(ticks).forEach(Runnable::run);
    }

    /** Another member leads: leases get their TTL again, and the time that an election took. */
    void changeLeader(int to, Duration election) {
        term++;
        leader = to;
        lessor.extendAll(election);
    }

    void goBack(long revision) {
        store.goBack(revision);
        lessor.goBack(revision, store.current());
        log.goBack(revision);
    }
}
