/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.benchmarks.Entry.Server;
import dev.consort.benchmarks.curator.CuratorMutex;
import dev.consort.benchmarks.etcdrpc.LockService;
import dev.consort.benchmarks.goconcurrency.GoMutex;
import dev.consort.benchmarks.limit.FairLock;
import dev.consort.benchmarks.limit.OwnKey;
import dev.consort.benchmarks.ours.MutexLock;
import dev.consort.benchmarks.redisson.RedissonLocks;
import dev.consort.benchmarks.standingview.StandingViewMutex;
import java.util.List;
import java.util.function.BiFunction;

/** Works on locks: an operation is a lock and an unlock. */
final class LockWorks {
    /** The plot of hand-overs. */
    static final String HAND_OVER = "hand-over";

    private static final String OURS = "Mutex";
    private static final String RPC = "etcd's Lock RPC";
    private static final String GO = "Go's algorithm";
    private static final String BARE = "put, delete";
    private static final String GUARDED = "guarded put, guarded delete";
    private static final String GUARDED_ONE = GUARDED + ", one client";
    private static final String FAIR = "fair ReentrantLock";
    private static final String CURATOR = "Curator's InterProcessMutex";
    private static final String REDISSON = "Redisson's RLock";
    private static final String REDISSON_FENCED = "Redisson's RFencedLock";

    private LockWorks() {}

    static List<Comparison> all() {
        return List.of(
                alone(),
                sessions(2, new Bar(RPC, 10, 20)),
                sessions(8, new Bar(RPC, 10, 20)),
                sessions(64, new Bar(RPC, 1.2, 2.5)),
                point(2),
                point(4),
                point(8),
                point(16),
                point(32),
                point(64),
                threads(),
                ownNames());
    }

    private static Comparison alone() {
        return new Comparison(
                "lock-1",
                "lock and unlock, nobody else, one thread",
                List.of(
                        one(OURS, Server.ETCD, MutexLock::new),
                        one(GUARDED, Server.ETCD, OwnKey::guarded),
                        one(BARE, Server.ETCD, OwnKey::bare),
                        one(RPC, Server.ETCD, LockService::new),
                        one(GO, Server.ETCD, GoMutex::new),
                        one(CURATOR, Server.ZOOKEEPER, CuratorMutex::new),
                        one(REDISSON, Server.REDIS, LockWorks::plainOfOne),
                        one(REDISSON_FENCED, Server.REDIS, LockWorks::fencedOfOne)),
                List.of(new Bar(GUARDED, 0.85)));
    }

    private static Comparison sessions(int count, Bar bar) {
        return new Comparison(
                "lock-" + count,
                "lock and unlock of one name, " + count + " sessions with a client each",
                List.of(
                        each(count, OURS, Server.ETCD, MutexLock::new),
                        one(GUARDED_ONE, Server.ETCD, OwnKey::guarded),
                        each(count, RPC, Server.ETCD, LockService::new),
                        each(count, GO, Server.ETCD, GoMutex::new),
                        each(count, CURATOR, Server.ZOOKEEPER, CuratorMutex::new),
                        each(count, REDISSON, Server.REDIS, LockWorks::plainOfOne)),
                List.of(bar, new Bar(GUARDED_ONE, 0.5, 0.9)));
    }

    /** The ways of handing over beside each other. */
    private static Comparison point(int count) {
        return new Comparison(
                        "hand-over-" + count,
                        "lock and unlock of one name in turn, " + count + " sessions with a client each",
                        List.of(
                                each(count, OURS, Server.ETCD, MutexLock::new),
                                each(count, "standing view", Server.ETCD, StandingViewMutex::new),
                                each(count, GO, Server.ETCD, GoMutex::new)),
                        List.of())
                .at(HAND_OVER, count);
    }

    private static Comparison threads() {
        int count = 64;
        return new Comparison(
                "lock-threads",
                "lock and unlock of one name, " + count + " threads of one session",
                List.of(
                        new Entry(
                                OURS,
                                Server.ETCD,
                                (endpoint, name) -> LockContender.ofThreads(count, new MutexLock(endpoint, name))),
                        each(count, RPC, Server.ETCD, LockService::new),
                        new Entry(
                                FAIR, Server.ETCD, (endpoint, name) -> LockContender.ofThreads(count, new FairLock())),
                        new Entry(
                                CURATOR,
                                Server.ZOOKEEPER,
                                (endpoint, name) -> LockContender.ofThreads(count, new CuratorMutex(endpoint, name))),
                        new Entry(
                                REDISSON,
                                Server.REDIS,
                                (endpoint, name) ->
                                        LockContender.ofThreads(count, RedissonLocks.plain(endpoint, name, count)))),
                List.of(new Bar(RPC, 100), new Bar(REDISSON, 10)));
    }

    private static Comparison ownNames() {
        int count = 64;
        return new Comparison(
                "lock-names",
                "lock and unlock, " + count + " sessions with a client and a name each",
                List.of(
                        ownName(count, OURS, Server.ETCD, MutexLock::new),
                        ownName(count, GUARDED, Server.ETCD, OwnKey::guarded),
                        ownName(count, CURATOR, Server.ZOOKEEPER, CuratorMutex::new),
                        ownName(count, REDISSON, Server.REDIS, LockWorks::plainOfOne)),
                List.of(new Bar(GUARDED, 0.85)));
    }

    private static Locker plainOfOne(String endpoint, String name) {
        return RedissonLocks.plain(endpoint, name, 1);
    }

    private static Locker fencedOfOne(String endpoint, String name) {
        return RedissonLocks.fenced(endpoint, name, 1);
    }

    private static Entry one(String contender, Server server, BiFunction<String, String, Locker> locker) {
        return each(1, contender, server, locker);
    }

    /** Participants on one name, with a client each. */
    private static Entry each(
            int participants, String contender, Server server, BiFunction<String, String, Locker> locker) {
        return new Entry(
                contender,
                server,
                (endpoint, name) -> LockContender.onOneName(participants, () -> locker.apply(endpoint, name)));
    }

    private static Entry ownName(
            int participants, String contender, Server server, BiFunction<String, String, Locker> locker) {
        return new Entry(
                contender,
                server,
                (endpoint, name) -> LockContender.onOwnNames(participants, name, own -> locker.apply(endpoint, own)));
    }
}
