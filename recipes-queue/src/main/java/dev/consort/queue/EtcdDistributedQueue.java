/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.queue.Offering.Result;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;

/** The items of one order, which is that of their segments. Immutable. */
final class EtcdDistributedQueue<T> implements DistributedQueue<T> {
    static final String RECIPE = "DistributedQueue";

    private final Items<T> items;
    private final QueueOptions options;

    private EtcdDistributedQueue(Items<T> items, QueueOptions options) {
        this.items = items;
        this.options = options;
    }

    record QueueBuilder<T>(Session session, String name, Codec<T> codec, QueueOptions options) implements Builder<T> {
        @Override
        public Builder<T> capacity(int most) {
            return new QueueBuilder<>(
                    session, name, codec, options.withCapacity(QueueOptions.checkedCapacity(RECIPE, name, most)));
        }

        @Override
        public Builder<T> idWindow(Duration window) {
            return new QueueBuilder<>(
                    session, name, codec, options.withIdWindow(Objects.requireNonNull(window, "window")));
        }

        @Override
        public DistributedQueue<T> build() {
            return new EtcdDistributedQueue<>(new Items<>(session, RECIPE, name, codec, Orders.FIFO, options), options);
        }
    }

    @Override
    public String name() {
        return items.name();
    }

    @Override
    public boolean offer(T item) {
        return items.offer(List.of(item), 0, null) == Result.OFFERED;
    }

    @Override
    public boolean offer(T item, Duration timeout) throws InterruptedException {
        return items.offer(item, timeout);
    }

    @Override
    public boolean offerAll(List<? extends T> several) {
        return items.offer(several, 0, null) == Result.OFFERED;
    }

    @Override
    public Offered offerOnce(String id, T item) {
        return items.offer(List.of(item), 0, Objects.requireNonNull(id, "id")).offered();
    }

    @Override
    public CompletableFuture<Boolean> offerAsync(T item) {
        return items.offerAsync(List.of(item), 0, null).thenApply(result -> result == Result.OFFERED);
    }

    @Override
    public CompletableFuture<Boolean> offerAllAsync(List<? extends T> several) {
        return items.offerAsync(several, 0, null).thenApply(result -> result == Result.OFFERED);
    }

    @Override
    public T take() throws InterruptedException {
        return items.take();
    }

    @Override
    public Optional<T> poll() throws InterruptedException {
        return items.poll(Duration.ZERO);
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
    public BlockingQueue<T> asBlockingQueue() {
        return new BlockingView<>(this, options.capacity());
    }

    @Override
    public String toString() {
        return RECIPE + " " + name();
    }
}
