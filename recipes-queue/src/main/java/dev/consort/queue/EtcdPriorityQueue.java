/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.queue.Offering.Result;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Items in the order of their priorities, and of the segments of each. Immutable. */
final class EtcdPriorityQueue<T> implements DistributedPriorityQueue<T> {
    static final String RECIPE = "DistributedPriorityQueue";

    private final Items<T> items;

    EtcdPriorityQueue(Session session, String name, Codec<T> codec) {
        items = new Items<>(session, RECIPE, name, codec, Orders.PRIORITY, QueueOptions.DEFAULT);
    }

    @Override
    public String name() {
        return items.name();
    }

    @Override
    public void offer(T item, int priority) {
        var unused = items.offer(List.of(item), priority, null);
    }

    @Override
    public void offerAll(List<? extends T> several, int priority) {
        var unused = items.offer(several, priority, null);
    }

    @Override
    public boolean offerOnce(String id, T item, int priority) {
        return items.offer(List.of(item), priority, Objects.requireNonNull(id, "id")) == Result.OFFERED;
    }

    @Override
    public CompletableFuture<Void> offerAsync(T item, int priority) {
        return items.offerAsync(List.of(item), priority, null).thenAccept(offered -> {});
    }

    @Override
    public T take() throws InterruptedException {
        return items.take();
    }

    @Override
    public Optional<T> poll(Duration timeout) throws InterruptedException {
        return items.poll(timeout);
    }

    @Override
    public CompletableFuture<T> takeAsync() {
        return items.takeAsync();
    }

    @Override
    public Optional<T> peek() {
        return items.peek();
    }

    @Override
    public long size() {
        return items.size();
    }

    @Override
    public DeadLetters deadLetters() {
        return items.deadLetters();
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }
}
