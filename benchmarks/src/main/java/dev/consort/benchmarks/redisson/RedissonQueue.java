/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.redisson;

import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.QueueClient;
import org.redisson.api.RBlockingQueue;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;

/** Redisson's {@link RBlockingQueue}. */
public final class RedissonQueue implements QueueClient {
    private final RedissonClient client;
    private final RBlockingQueue<String> queue;

    public RedissonQueue(String endpoint, String name) {
        client = RedissonConnection.open(endpoint, 1);
        queue = client.getBlockingQueue(name, StringCodec.INSTANCE);
    }

    @Override
    public void offer(String item) {
        Must.hold(queue.offer(item), "refused");
    }

    @Override
    public String take() throws InterruptedException {
        return queue.take();
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
