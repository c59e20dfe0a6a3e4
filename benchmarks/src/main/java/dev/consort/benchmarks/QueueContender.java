/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Producers and consumers, with a client each; an operation is an item that is taken. Producers go ahead of consumers by so many items
 * and no more, so that a round of any length measures the same. Checks that each item is taken once.
 */
public final class QueueContender implements Contender {
    private static final int AHEAD = 100;

    private final int each;
    private final List<QueueClient> clients; // of the producers, then of the consumers
    private final Set<String> outside = ConcurrentHashMap.newKeySet(); // offered and not taken
    private final AtomicInteger numbers = new AtomicInteger();
    private final Semaphore room = new Semaphore(AHEAD);
    private volatile boolean over; // set by the measuring thread

    /** So many producers, and as many consumers. */
    public QueueContender(int each, Supplier<QueueClient> client) {
        this.each = each;
        this.clients = Together.open(2 * each, i -> client.get());
    }

    @Override
    public int participants() {
        return 2 * each;
    }

    @Override
    public int operate(int participant) throws InterruptedException {
        if (participant < each) {
            room.acquire();
            if (!over) {
                offer(clients.get(participant));
            }
            return 0;
        }
        take(clients.get(participant));
        room.release();
        return 1;
    }

    private void offer(QueueClient client) {
        String item = "item " + numbers.incrementAndGet();
        outside.add(item);
        client.offer(item);
    }

    private void take(QueueClient client) throws InterruptedException {
        String item = client.take();
        Must.hold(outside.remove(item), "taken twice, or never offered: " + item);
    }

    /** Each consumer that waits gets one more item. */
    @Override
    public void wake() {
        over = true;
        room.release(each);
        for (int i = 0; i < each; i++) {
            offer(clients.get(0));
        }
    }

    /** Takes what is left, which must be all that was offered and not taken. */
    @Override
    public void settle() {
        while (!outside.isEmpty()) {
            Must.succeed(() -> {
                take(clients.get(each));
                return true;
            });
        }
        over = false;
        var unused = room.drainPermits();
        room.release(AHEAD);
    }

    @Override
    public void close() {
        Together.close(clients);
    }
}
