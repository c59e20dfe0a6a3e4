/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A queue whose items have a priority, of which the least comes first, as in {@link java.util.PriorityQueue}; those of the same
 * priority are first in, first out. Otherwise like {@link DistributedQueue}, with the same limits and the same guarantees, of which
 * the order is: an item is taken only when no item of a lesser priority was in the queue as it was given to whoever takes it. One
 * that comes while an item is being taken does not stop that.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, cost nothing to make, and need not be closed; all
 * of one session and name are the same queue.
 *
 * <p><b>When the session is lost</b> whoever waits for an item is told by {@link dev.consort.core.SessionLostException}; what was
 * being taken at that moment may be gone. Offers, {@link #peek} and {@link #size} need its connection only.
 *
 * @param <T> the type of the items
 */
public interface DistributedPriorityQueue<T> {
    /** The greatest number of a priority, of what is to be taken last. */
    int LAST = 65_535;

    /**
     * A queue.
     *
     * @param session by which this process takes items
     * @param name as of {@link DistributedQueue#create}
     * @param codec of the items
     * @param <T> of the items
     * @return the queue
     * @throws IllegalArgumentException if the name is none
     */
    static <T> DistributedPriorityQueue<T> create(Session session, String name, Codec<T> codec) {
        return new EtcdPriorityQueue<>(session, name, codec);
    }

    /**
     * The name.
     *
     * @return as it was given
     */
    String name();

    /**
     * Puts an item behind those of its priority. Bounded by the request timeout; keeps the interrupt flag.
     *
     * @param item at most 128 KiB as the codec writes it
     * @param priority 0, which comes first, to {@link #LAST}
     * @throws IllegalArgumentException if the item is larger, or the priority out of range
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout
     * @throws dev.consort.core.RecipeException if the codec fails, or etcd refuses it
     */
    void offer(T item, int priority);

    /**
     * Puts several items of one priority, in one transaction.
     *
     * @param items 1 to 100, at most 1 MiB in all
     * @param priority as in {@link #offer}
     * @throws IllegalArgumentException if they are none, or too many, or too large
     */
    void offerAll(List<? extends T> items, int priority);

    /**
     * Puts an item, unless one was put by the same id within the last hour; however often it is tried, by whatever process.
     *
     * @param id 1 to 512 bytes
     * @param item as in {@link #offer}
     * @param priority as in {@link #offer}
     * @return whether it was put now
     * @throws IllegalArgumentException if the id is empty or too long, or as {@link #offer}
     */
    boolean offerOnce(String id, T item, int priority);

    /**
     * {@link #offer} without blocking.
     *
     * @param item as there
     * @param priority as there
     * @return completes on the session's executor
     */
    CompletableFuture<Void> offerAsync(T item, int priority);

    /**
     * Takes the first item, waiting for one; see {@link DistributedQueue#take}.
     *
     * @return the item
     * @throws InterruptedException as there
     */
    T take() throws InterruptedException;

    /**
     * Takes the first item, waiting no longer than this; see {@link DistributedQueue#poll(Duration)}.
     *
     * @param timeout zero or less does not wait
     * @return empty if none came in time
     * @throws InterruptedException as there
     */
    Optional<T> poll(Duration timeout) throws InterruptedException;

    /**
     * {@link #take} without blocking; see {@link DistributedQueue#takeAsync}.
     *
     * @return completes on the session's executor
     */
    CompletableFuture<T> takeAsync();

    /**
     * The first item, which stays where it is; see {@link DistributedQueue#peek}.
     *
     * @return empty if there is none
     */
    Optional<T> peek();

    /**
     * How many items there are; see {@link DistributedQueue#size}.
     *
     * @return zero or more
     */
    long size();

    /**
     * The items that could not be decoded when they were taken.
     *
     * @return those of this queue
     */
    DeadLetters deadLetters();
}
