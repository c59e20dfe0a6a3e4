/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.benchmarks.Entry.Server;
import dev.consort.benchmarks.curator.CuratorQueue;
import dev.consort.benchmarks.goconcurrency.GoQueue;
import dev.consort.benchmarks.limit.HandedKeys;
import dev.consort.benchmarks.ours.FifoQueue;
import dev.consort.benchmarks.ours.OfferedQueue;
import dev.consort.benchmarks.redisson.RedissonQueue;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiFunction;

/** Works on queues. */
final class QueueWorks {
    private static final String GO = "Go's algorithm";
    private static final String ALONE = "DistributedQueue, offer";
    private static final int BATCH = 100;

    private QueueWorks() {}

    static List<Comparison> all() {
        return List.of(
                through("queue-1", "items through a queue, 1 producer and 1 consumer", 1, 2),
                through("queue-8", "items through a queue, 8 producers and 8 consumers with a client each", 8, 10),
                new Comparison(
                        "queue-batch",
                        "items offered by one thread",
                        List.of(offered("DistributedQueue, offerAll of " + BATCH, BATCH), offered(ALONE, 1)),
                        List.of(new Bar(ALONE, 20))));
    }

    private static Comparison through(String name, String title, int each, double atLeast) {
        return new Comparison(
                name,
                title,
                List.of(
                        queue("DistributedQueue", Server.ETCD, each, FifoQueue::new),
                        queue(GO, Server.ETCD, each, GoQueue::new),
                        new Entry(
                                "put, delete by another",
                                Server.ETCD,
                                (endpoint, keys) -> handed(each, endpoint, keys)),
                        queue("Curator's SimpleDistributedQueue", Server.ZOOKEEPER, each, CuratorQueue::new),
                        queue("Redisson's RBlockingQueue", Server.REDIS, each, RedissonQueue::new)),
                List.of(new Bar(GO, atLeast)));
    }

    private static Entry queue(
            String contender, Server server, int each, BiFunction<String, String, QueueClient> client) {
        return new Entry(
                contender, server, (endpoint, name) -> new QueueContender(each, () -> client.apply(endpoint, name)));
    }

    private static QueueContender handed(int each, String endpoint, String name) {
        BlockingQueue<HandedKeys.Handed> told = new LinkedBlockingQueue<>();
        return new QueueContender(each, () -> new HandedKeys(endpoint, name, told));
    }

    private static Entry offered(String contender, int together) {
        return new Entry(contender, Server.ETCD, (endpoint, name) -> new OfferedQueue(endpoint, name, together));
    }
}
