/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A queue whose items can be taken from some time on, each its own, and come in the order of these times; those of the same
 * millisecond in the order in which they were offered. Otherwise like {@link DistributedQueue}, with the same limits.
 *
 * <p><b>Which clock counts.</b> An item is stored with the time when it is due: the one that is given, or a delay after the clock of
 * the process that offers it. It is taken when the clock of the process that takes it says so. So if two clocks differ by a
 * second, an item may come a second early or late, as true time goes. It is not lost, nor taken twice, whatever the clocks say, also
 * when one is set back: what is taken is decided by etcd, which looks at no clock.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, cost nothing to make, and need not be closed; all
 * of one session and name are the same queue.
 *
 * <p><b>When the session is lost</b> whoever waits for an item is told by {@link dev.consort.core.SessionLostException}; what was
 * being taken at that moment may be gone. Offers, {@link #peek} and {@link #size} need its connection only.
 *
 * @param <T> the type of the items
 */
public interface DistributedDelayQueue<T> {
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
    static <T> DistributedDelayQueue<T> create(Session session, String name, Codec<T> codec) {
        return new EtcdDelayQueue<>(session, name, codec);
    }

    /**
     * The name.
     *
     * @return as it was given
     */
    String name();

    /**
     * Puts an item that is due after a delay. Bounded by the request timeout; keeps the interrupt flag.
     *
     * @param item at most 128 KiB as the codec writes it
     * @param delay zero to 3,650 days, by the clock of this process; less than a millisecond is zero
     * @throws IllegalArgumentException if the item is larger, or the delay negative or longer
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout
     * @throws dev.consort.core.RecipeException if the codec fails, or etcd refuses it
     */
    void offer(T item, Duration delay);

    /**
     * Puts an item that is due at a time.
     *
     * @param item as in {@link #offer}
     * @param due from 1970 on, to the millisecond; may be past
     * @throws IllegalArgumentException if the item is larger, or the time is before 1970, or after the year 9999
     */
    void offerAt(T item, Instant due);

    /**
     * Puts several items that are due after the same delay, in one transaction.
     *
     * @param items 1 to 100, at most 1 MiB in all
     * @param delay as in {@link #offer}
     * @throws IllegalArgumentException if they are none, or too many, or too large, or as {@link #offer}
     */
    void offerAll(List<? extends T> items, Duration delay);

    /**
     * Puts an item, unless one was put by the same id within the last hour; however often it is tried, by whatever process.
     *
     * @param id 1 to 512 bytes
     * @param item as in {@link #offer}
     * @param delay as in {@link #offer}
     * @return whether it was put now
     * @throws IllegalArgumentException if the id is empty or too long, or as {@link #offer}
     */
    boolean offerOnce(String id, T item, Duration delay);

    /**
     * {@link #offer} without blocking.
     *
     * @param item as there
     * @param delay as there
     * @return completes on the session's executor
     */
    CompletableFuture<Void> offerAsync(T item, Duration delay);

    /**
     * Takes the first item that is due, waiting for one; see {@link DistributedQueue#take}.
     *
     * @return the item
     * @throws InterruptedException as there
     */
    T take() throws InterruptedException;

    /**
     * Takes the first item that is due, waiting no longer than this; see {@link DistributedQueue#poll(Duration)}.
     *
     * @param timeout zero or less does not wait
     * @return empty if none was due in time
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
     * The first item that is due, which stays where it is; see {@link DistributedQueue#peek}.
     *
     * @return empty if none is
     */
    Optional<T> peek();

    /**
     * How many items there are, those that are not due included; see {@link DistributedQueue#size}.
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
