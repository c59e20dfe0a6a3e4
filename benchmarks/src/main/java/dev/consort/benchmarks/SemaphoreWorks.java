/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.benchmarks.Entry.Server;
import dev.consort.benchmarks.curator.CuratorSemaphore;
import dev.consort.benchmarks.ours.SemaphoreLock;
import dev.consort.benchmarks.redisson.RedissonSemaphore;
import java.util.List;

/** Works on semaphores: an operation is a permit acquired and released. */
final class SemaphoreWorks {
    private static final int SESSIONS = 8;
    private static final int PERMITS = 4;

    private SemaphoreWorks() {}

    /** A participant's semaphore. */
    @FunctionalInterface
    private interface Opening {
        Locker open(String endpoint, String name, int permits);
    }

    static List<Comparison> all() {
        return List.of(new Comparison(
                "semaphore",
                "one of " + PERMITS + " permits acquired and released, " + SESSIONS + " sessions with a client each",
                List.of(
                        entry("DistributedSemaphore", Server.ETCD, SemaphoreLock::new),
                        entry("Curator's InterProcessSemaphoreV2", Server.ZOOKEEPER, CuratorSemaphore::new),
                        entry("Redisson's RPermitExpirableSemaphore", Server.REDIS, RedissonSemaphore::new)),
                List.of()));
    }

    private static Entry entry(String contender, Server server, Opening opening) {
        return new Entry(
                contender,
                server,
                (endpoint, name) ->
                        LockContender.onOneSemaphore(SESSIONS, PERMITS, () -> opening.open(endpoint, name, PERMITS)));
    }
}
