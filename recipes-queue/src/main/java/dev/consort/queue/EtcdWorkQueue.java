/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.internal.EtcdSession;
import dev.consort.queue.Offering.Result;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A work queue by the present session of a factory. Thread-safe. */
final class EtcdWorkQueue<T> implements WorkQueue<T> {
    static final String RECIPE = "WorkQueue";
    private static final int MOST_AT_A_TIME = 1000;

    private final WorkQueueBuilder<T> setup;
    private volatile @Nullable WorkItems<T> last; // any that was made for the present session serves as well

    EtcdWorkQueue(WorkQueueBuilder<T> setup) {
        this.setup = setup;
    }

    /** By the present session. */
    WorkItems<T> now() {
        EtcdSession session = EtcdSession.of(setup.sessions().session());
        WorkItems<T> items = last;
        if (items == null || items.session() != session) {
            items = new WorkItems<>(session, setup);
            last = items;
        }
        return items;
    }

    @Override
    public String name() {
        return setup.name();
    }

    @Override
    public boolean offer(T item) {
        return now().offer(one(item), null) == Result.OFFERED;
    }

    @Override
    public boolean offerAll(List<? extends T> items) {
        return now().offer(items, null) == Result.OFFERED;
    }

    @Override
    public DistributedQueue.Offered offerOnce(String id, T item) {
        return now().offer(one(item), Objects.requireNonNull(id, "id")).offered();
    }

    @Override
    public CompletableFuture<Boolean> offerAsync(T item) {
        return now().offerAsync(one(item)).thenApply(result -> result == Result.OFFERED);
    }

    private static <T> List<T> one(T item) {
        return List.of(Objects.requireNonNull(item, "item"));
    }

    @Override
    public Delivery<T> receive() throws InterruptedException {
        return now().receive();
    }

    @Override
    public Optional<Delivery<T>> receive(Duration timeout) throws InterruptedException {
        return now().receive(timeout);
    }

    @Override
    public CompletableFuture<Delivery<T>> receiveAsync() {
        return now().receiveAsync();
    }

    @Override
    public Consumption consume(int concurrency, WorkHandler<T> handler) {
        if (concurrency < 1 || concurrency > MOST_AT_A_TIME) {
            throw new IllegalArgumentException(
                    RECIPE + " '" + name() + "': concurrency " + concurrency + " is not within 1.." + MOST_AT_A_TIME);
        }
        ConsumeLoop<T> loop = new ConsumeLoop<>(this, concurrency, Objects.requireNonNull(handler, "handler"));
        loop.start();
        return loop;
    }

    @Override
    public WorkQueueState state() {
        return now().state();
    }

    @Override
    public DeadLetters deadLetters() {
        return now().deadLetters();
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }
}
