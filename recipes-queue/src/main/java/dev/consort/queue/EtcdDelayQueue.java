/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.queue.Offering.Result;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Items in the order of the times at which they are due. Immutable. */
final class EtcdDelayQueue<T> implements DistributedDelayQueue<T> {
    static final String RECIPE = "DistributedDelayQueue";
    private static final Duration LONGEST_DELAY = Duration.ofDays(3650);
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

    private final Items<T> items;

    EtcdDelayQueue(Session session, String name, Codec<T> codec) {
        items = new Items<>(session, RECIPE, name, codec, Orders.DUE, QueueOptions.DEFAULT);
    }

    @Override
    public String name() {
        return items.name();
    }

    private long after(Duration delay) {
        if (delay.isNegative() || delay.compareTo(LONGEST_DELAY) > 0) {
            throw new IllegalArgumentException(this + ": delay " + delay + " is not within 0.." + LONGEST_DELAY);
        }
        return items.session().now().plus(delay).toEpochMilli();
    }

    @Override
    public void offer(T item, Duration delay) {
        var unused = items.offer(List.of(item), after(delay), null);
    }

    @Override
    public void offerAt(T item, Instant due) {
        if (due.isBefore(Instant.EPOCH) || due.isAfter(LAST)) {
            throw new IllegalArgumentException(
                    this + ": due time " + due + " is not within " + Instant.EPOCH + ".." + LAST);
        }
        var unused = items.offer(List.of(item), due.toEpochMilli(), null);
    }

    @Override
    public void offerAll(List<? extends T> several, Duration delay) {
        var unused = items.offer(several, after(delay), null);
    }

    @Override
    public boolean offerOnce(String id, T item, Duration delay) {
        return items.offer(List.of(item), after(delay), Objects.requireNonNull(id, "id")) == Result.OFFERED;
    }

    @Override
    public CompletableFuture<Void> offerAsync(T item, Duration delay) {
        return items.offerAsync(List.of(item), after(delay), null).thenAccept(offered -> {});
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
