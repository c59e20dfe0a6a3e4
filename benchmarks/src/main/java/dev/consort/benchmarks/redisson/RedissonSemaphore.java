/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.redisson;

import dev.consort.benchmarks.Locker;
import org.redisson.api.RPermitExpirableSemaphore;
import org.redisson.api.RedissonClient;

/** One permit of Redisson's {@link RPermitExpirableSemaphore}. */
public final class RedissonSemaphore implements Locker {
    private final RedissonClient client;
    private final RPermitExpirableSemaphore semaphore;

    public RedissonSemaphore(String endpoint, String name, int permits) {
        client = RedissonConnection.open(endpoint, 1);
        semaphore = client.getPermitExpirableSemaphore(name);
        var unused = semaphore.trySetPermits(permits); // false if another participant has done so
    }

    @Override
    public void locked(Runnable critical) throws InterruptedException {
        String permit = semaphore.acquire();
        critical.run();
        semaphore.release(permit); // throws if it had been lost
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
