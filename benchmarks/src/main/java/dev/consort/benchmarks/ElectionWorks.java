/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.benchmarks.Entry.Server;
import dev.consort.benchmarks.curator.CuratorLatch;
import dev.consort.benchmarks.etcdrpc.ElectionService;
import dev.consort.benchmarks.goconcurrency.GoElection;
import dev.consort.benchmarks.goconcurrency.GoObservers;
import dev.consort.benchmarks.limit.WatchedKey;
import dev.consort.benchmarks.ours.ElectionLock;
import dev.consort.benchmarks.ours.ElectionObservers;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/** Works on elections. */
final class ElectionWorks {
    private static final String OURS = "LeaderElection";
    private static final String RPC = "etcd's Election RPC";
    private static final String GO = "Go's algorithm";
    private static final String LIMIT = "put, one watch event";
    private static final int CANDIDATES = 8;
    private static final int OBSERVERS = 1_000;

    private ElectionWorks() {}

    static List<Comparison> all() {
        return List.of(
                new Comparison(
                        "election",
                        "leadership handed over by resigning, " + CANDIDATES + " candidates with a client each",
                        List.of(
                                candidates(OURS, Server.ETCD, ElectionLock::new),
                                candidates(RPC, Server.ETCD, ElectionService::new),
                                candidates(GO, Server.ETCD, GoElection::new),
                                candidates("Curator's LeaderLatch", Server.ZOOKEEPER, CuratorLatch::new),
                                new Entry(LIMIT, Server.ETCD, WatchedKey::new)),
                        List.of(new Bar(RPC, 10))),
                new Comparison(
                        "observers",
                        "a change of leader seen by " + String.format(Locale.ROOT, "%,d", OBSERVERS)
                                + " observers in one process",
                        List.of(
                                observers(OURS, ElectionObservers::open),
                                observers(GO, GoObservers::open),
                                new Entry(LIMIT, Server.ETCD, WatchedKey::new)),
                        List.of(new Bar(GO, 20))));
    }

    private static Entry candidates(String name, Server server, BiFunction<String, String, Locker> candidate) {
        return new Entry(
                name,
                server,
                (endpoint, key) -> LockContender.onOneName(CANDIDATES, () -> candidate.apply(endpoint, key)));
    }

    private static Entry observers(String name, ObserverContender.Opening opening) {
        return new Entry(
                name, Server.ETCD, (endpoint, key) -> new ObserverContender(endpoint, key, OBSERVERS, opening));
    }
}
