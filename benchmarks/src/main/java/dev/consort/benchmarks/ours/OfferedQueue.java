/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.ours;

import dev.consort.benchmarks.Contender;
import dev.consort.benchmarks.Must;
import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.queue.DistributedQueue;
import java.util.List;
import java.util.stream.IntStream;

/** Items offered to a {@link DistributedQueue}, by one thread, alone or together. Each round has a queue of its own. */
public final class OfferedQueue implements Contender {
    private final Session session;
    private final String name;
    private final List<String> batch;
    private int round; // confined to the measuring thread
    private volatile DistributedQueue<String> queue; // replaced by it, between two rounds

    public OfferedQueue(String endpoint, String name, int together) {
        session = Session.connect(endpoint);
        this.name = name;
        batch = IntStream.range(0, together).mapToObj(i -> "item " + i).toList();
        queue = queue();
    }

    private DistributedQueue<String> queue() {
        return DistributedQueue.create(session, name + "/" + round, Codec.utf8());
    }

    @Override
    public int participants() {
        return 1;
    }

    @Override
    public int operate(int participant) {
        boolean offered = batch.size() == 1 ? queue.offer(batch.get(0)) : queue.offerAll(batch);
        Must.hold(offered, "no room in a queue without limit");
        return batch.size();
    }

    @Override
    public void settle() {
        round++;
        queue = queue();
    }

    @Override
    public void close() {
        session.close();
    }
}
