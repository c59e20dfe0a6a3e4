/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.ours;

import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.QueueClient;
import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.queue.DistributedQueue;

/** A {@link DistributedQueue} of a session with a connection of its own. */
public final class FifoQueue implements QueueClient {
    private final Session session;
    private final DistributedQueue<String> queue;

    public FifoQueue(String endpoint, String name) {
        session = Session.connect(endpoint);
        queue = DistributedQueue.create(session, name, Codec.utf8());
    }

    @Override
    public void offer(String item) {
        Must.hold(queue.offer(item), "no room in a queue without limit");
    }

    @Override
    public String take() throws InterruptedException {
        return queue.take();
    }

    @Override
    public void close() {
        session.close();
    }
}
