/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.curator;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;

/** Curator's {@link InterProcessMutex}. */
public final class CuratorMutex implements Locker {
    private final CuratorFramework client;
    private final InterProcessMutex mutex;

    public CuratorMutex(String endpoint, String name) {
        client = CuratorClient.open(endpoint);
        mutex = new InterProcessMutex(client, "/" + name);
    }

    @Override
    public void locked(Runnable critical) {
        Must.succeed(() -> {
            mutex.acquire();
            critical.run();
            mutex.release();
            return true;
        });
    }

    @Override
    public void close() {
        client.close();
    }
}
