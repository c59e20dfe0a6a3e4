/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.limit;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.QueueClient;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A key put by one client and deleted by another, which is told of it within the process: what no queue that keeps its items in etcd
 * can do with less. Nobody else could take part.
 */
public final class HandedKeys implements QueueClient {
    private static final AtomicInteger numbers = new AtomicInteger();

    /** Of a queue, from one of its clients to another. */
    public record Handed(ByteSequence key, String item) {}

    private final LeasedClient client;
    private final String name;
    private final BlockingQueue<Handed> handed;

    /** @param handed the same for all clients of a queue */
    public HandedKeys(String endpoint, String name, BlockingQueue<Handed> handed) {
        this.client = new LeasedClient(endpoint);
        this.name = name;
        this.handed = handed;
    }

    @Override
    public void offer(String item) {
        ByteSequence key = bytes(name + "/" + numbers.incrementAndGet());
        var unused = Must.answer(client.kv().put(key, bytes(item)));
        handed.add(new Handed(key, item));
    }

    @Override
    public String take() throws InterruptedException {
        Handed next = handed.take();
        var unused = Must.answer(client.kv().delete(next.key()));
        return next.item();
    }

    @Override
    public void close() {
        client.close();
    }
}
