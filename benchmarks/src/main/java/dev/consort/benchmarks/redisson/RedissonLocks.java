/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.redisson;

import dev.consort.benchmarks.Locker;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;

/** Redisson's {@link RLock}, which is bound to its thread and renewed by its client. */
public final class RedissonLocks implements Locker {
    private final RedissonClient client;
    private final RLock lock;

    private RedissonLocks(RedissonClient client, RLock lock) {
        this.client = client;
        this.lock = lock;
    }

    /** The plain lock, without an order among those who wait. */
    public static RedissonLocks plain(String endpoint, String name, int threads) {
        RedissonClient client = RedissonConnection.open(endpoint, threads);
        return new RedissonLocks(client, client.getLock(name));
    }

    /** The lock with fencing tokens. */
    public static RedissonLocks fenced(String endpoint, String name, int threads) {
        RedissonClient client = RedissonConnection.open(endpoint, threads);
        return new RedissonLocks(client, client.getFencedLock(name));
    }

    @Override
    public void locked(Runnable critical) throws InterruptedException {
        lock.lockInterruptibly();
        critical.run();
        lock.unlock(); // throws if it had been lost
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
