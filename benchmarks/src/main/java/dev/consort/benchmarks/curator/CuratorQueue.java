/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.curator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.QueueClient;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;

/** Curator's {@link SimpleDistributedQueue}. */
public final class CuratorQueue implements QueueClient {
    private final CuratorFramework client;
    private final SimpleDistributedQueue queue;

    public CuratorQueue(String endpoint, String name) {
        client = CuratorClient.open(endpoint);
        queue = new SimpleDistributedQueue(client, "/" + name);
    }

    @Override
    public void offer(String item) {
        Must.hold(Must.succeed(() -> queue.offer(item.getBytes(UTF_8))), "refused");
    }

    @Override
    public String take() {
        return new String(Must.succeed(queue::take), UTF_8);
    }

    @Override
    public void close() {
        client.close();
    }
}
