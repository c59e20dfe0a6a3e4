/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.RecipeException;
import java.time.Duration;
import java.util.AbstractQueue;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A queue as {@code java.util.concurrent} knows it. Immutable. */
final class BlockingView<T> extends AbstractQueue<T> implements BlockingQueue<T> {
    /** Longer than anyone waits. */
    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

    private final DistributedQueue<T> queue;
    private final int capacity;

    BlockingView(DistributedQueue<T> queue, int capacity) {
        this.queue = queue;
        this.capacity = capacity;
    }

    @Override
    public boolean offer(T item) {
        return queue.offer(item);
    }

    @Override
    public void put(T item) throws InterruptedException {
        boolean put = queue.offer(item, FOR_EVER);
        if (!put) {
            throw new IllegalStateException("waited for ever for room in " + queue);
        }
    }

    @Override
    public boolean offer(T item, long timeout, TimeUnit unit) throws InterruptedException {
        return queue.offer(item, Duration.ofNanos(unit.toNanos(timeout)));
    }

    @Override
    public T take() throws InterruptedException {
        return queue.take();
    }

    @Override
    public @Nullable T poll(long timeout, TimeUnit unit) throws InterruptedException {
        return queue.poll(Duration.ofNanos(unit.toNanos(timeout))).orElse(null);
    }

    @Override
    public @Nullable T poll() {
        return polled().orElse(null);
    }

    private Optional<T> polled() {
        try {
            return queue.poll();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RecipeException(
                    EtcdDistributedQueue.RECIPE,
                    queue.name(),
                    "interrupted while etcd was asked; nothing was taken",
                    e);
        }
    }

    @Override
    public @Nullable T peek() {
        return queue.peek().orElse(null);
    }

    @Override
    public int size() {
        return (int) Math.min(Integer.MAX_VALUE, queue.size());
    }

    @Override
    public int remainingCapacity() {
        return capacity == 0 ? Integer.MAX_VALUE : Math.max(0, capacity - size());
    }

    @Override
    public int drainTo(Collection<? super T> into) {
        return drainTo(into, Integer.MAX_VALUE);
    }

    @Override
    public int drainTo(Collection<? super T> into, int most) {
        if (Objects.requireNonNull(into, "into") == this) {
            throw new IllegalArgumentException("cannot drain a queue into itself");
        }
        int drained = 0;
        Optional<T> next = most > 0 ? polled() : Optional.empty();
        while (next.isPresent()) {
            into.add(next.get());
            next = ++drained < most ? polled() : Optional.empty();
        }
        return drained;
    }

    @Override
    public Iterator<T> iterator() {
        return Collections.emptyIterator();
    }

    @Override
    public String toString() {
        return queue.toString();
    }
}
