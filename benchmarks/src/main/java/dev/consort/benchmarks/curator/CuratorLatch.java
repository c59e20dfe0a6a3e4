/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.curator;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;

/** Curator's {@link LeaderLatch}, a new one for each candidacy, since one that is closed stays so. */
public final class CuratorLatch implements Locker {
    private final CuratorFramework client;
    private final String path;

    public CuratorLatch(String endpoint, String name) {
        client = CuratorClient.open(endpoint);
        path = "/" + name;
    }

    @Override
    public void locked(Runnable critical) {
        Must.succeed(() -> {
            try (LeaderLatch latch = new LeaderLatch(client, path)) {
                latch.start();
                latch.await();
                critical.run();
            }
            return true;
        });
    }

    @Override
    public void close() {
        client.close();
    }
}
