/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.curator;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;

/** One permit of Curator's {@link InterProcessSemaphoreV2}. */
public final class CuratorSemaphore implements Locker {
    private final CuratorFramework client;
    private final InterProcessSemaphoreV2 semaphore;

    public CuratorSemaphore(String endpoint, String name, int permits) {
        client = CuratorClient.open(endpoint);
        semaphore = new InterProcessSemaphoreV2(client, "/" + name, permits);
    }

    @Override
    public void locked(Runnable critical) {
        Lease lease = Must.succeed(() -> semaphore.acquire());
        critical.run();
        semaphore.returnLease(lease);
    }

    @Override
    public void close() {
        client.close();
    }
}
