/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;

/**
 * A queue, first in, first out, that any number of processes put items into and take items from. For coordination: thousands of
 * items at a time, hundreds a second, and not for bulk data; {@code docs/distributed-queue.md} has the limits.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, cost nothing to make, and need not be closed; all
 * of one session and name are the same queue, and wait together.
 *
 * <p><b>Guarantees.</b> It is linearizable: an item whose offer was answered before another's began comes first, whatever the
 * clocks say; of offers that overlap either may be the first. An item is offered once, also when answers are lost, and is taken
 * once at most. Items of one {@link #offerAll} stand together, in their order.
 *
 * <p><b>Not guaranteed.</b> That a taken item is worked on: it is out of the queue when {@link #take} returns, so if the process
 * ends just then, nobody has it (<em>at most once</em>). Use {@code WorkQueue} for what must be done. And if a process ends while
 * it waits, others may have overtaken the item that was to be its own, which comes first then.
 *
 * <p><b>When the session is lost</b> whoever waits for an item is told by {@link dev.consort.core.SessionLostException}, and so is
 * whoever comes later; an item that was being taken at that moment may be gone. Offers, {@link #peek} and {@link #size} go on, since
 * they need its connection only.
 *
 * @param <T> the type of the items
 */
public interface DistributedQueue<T> {
    /**
     * A queue without limit.
     *
     * @param session by which this process takes items
     * @param name of the queue: segments with single slashes between them, such as {@code mails/out}; must not nest with that of a
     *     lock or another recipe
     * @param codec of the items
     * @param <T> of the items
     * @return the queue
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more than
     *     4,096 bytes
     */
    static <T> DistributedQueue<T> create(Session session, String name, Codec<T> codec) {
        return builder(session, name, codec).build();
    }

    /**
     * A queue with a limit, or one that remembers ids for another time than an hour.
     *
     * @param session as in {@link #create}
     * @param name as in {@link #create}
     * @param codec as in {@link #create}
     * @param <T> of the items
     * @return a builder
     */
    static <T> Builder<T> builder(Session session, String name, Codec<T> codec) {
        return new EtcdDistributedQueue.QueueBuilder<>(session, name, codec, QueueOptions.DEFAULT);
    }

    /**
     * Makes a queue. Immutable: each method returns another one.
     *
     * @param <T> the type of the items
     */
    interface Builder<T> {
        /**
         * Lets the queue have no more items than this. All processes that offer must say the same, which is checked.
         *
         * @param most 1 to 100,000
         * @return another builder
         * @throws IllegalArgumentException if it is out of range
         */
        Builder<T> capacity(int most);

        /**
         * For how long the ids of {@link #offerOnce} are remembered at least; an hour unless it is said.
         *
         * @param window 1 s to 365 days
         * @return another builder
         */
        Builder<T> idWindow(Duration window);

        /**
         * Makes it.
         *
         * @return the queue
         * @throws IllegalArgumentException if the name or the window is none
         */
        DistributedQueue<T> build();
    }

    /**
     * The name.
     *
     * @return as it was given
     */
    String name();

    /**
     * Puts an item at the end. Bounded by the request timeout; keeps the interrupt flag. This holds for all that follow, unless
     * they say otherwise.
     *
     * @param item at most 128 KiB as the codec writes it
     * @return whether it was put; false if the queue has a capacity, and no room
     * @throws IllegalArgumentException if the item is larger
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout: offer by {@link #offerOnce}
     *     what must not be offered twice
     * @throws dev.consort.core.RecipeException if the codec fails, if etcd refuses it, or if the queue has another capacity
     */
    boolean offer(T item);

    /**
     * {@link #offer(Object)}, waiting for room if there is none.
     *
     * @param item as there
     * @param timeout zero or less does not wait
     * @return whether it was put
     * @throws InterruptedException if interrupted before, or while it waits; nothing was put
     */
    boolean offer(T item, Duration timeout) throws InterruptedException;

    /**
     * Puts several items at the end, in one transaction: all of them, next to each other, or none.
     *
     * @param items 1 to 100, at most 1 MiB in all
     * @return whether they were put; false if the queue has a capacity, and no room for all of them
     * @throws IllegalArgumentException if they are none, or too many, or too large
     */
    boolean offerAll(List<? extends T> items);

    /**
     * Puts an item, unless one was put by the same id before; however often it is tried, by whatever process.
     *
     * @param id 1 to 512 bytes, such as that of the request which led to it
     * @param item as in {@link #offer(Object)}
     * @return what became of it
     * @throws IllegalArgumentException if the id is empty or too long, or the item is too large
     */
    Offered offerOnce(String id, T item);

    /**
     * {@link #offer(Object)} without blocking. If the future is cancelled, the item may be put all the same.
     *
     * @param item as there
     * @return completes on the session's executor
     */
    CompletableFuture<Boolean> offerAsync(T item);

    /**
     * {@link #offerAll} without blocking.
     *
     * @param items as there
     * @return completes on the session's executor
     */
    CompletableFuture<Boolean> offerAllAsync(List<? extends T> items);

    /**
     * Takes the first item, waiting for one. <em>At most once</em>: see above.
     *
     * @return the item
     * @throws InterruptedException if interrupted while it waits; nothing was taken. If an item came at that very moment, it is
     *     returned, and the interrupt flag is set
     * @throws dev.consort.core.SessionLostException if the session is lost or closed
     */
    T take() throws InterruptedException;

    /**
     * Takes the first item, if there is one that is not another's already.
     *
     * @return empty if there is none
     * @throws InterruptedException if interrupted
     * @throws dev.consort.core.SessionLostException if the session is lost or closed
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     * @throws dev.consort.core.OutcomeUnknownException if it may have taken one; it is put back if so
     */
    Optional<T> poll() throws InterruptedException;

    /**
     * {@link #take}, waiting no longer than this.
     *
     * @param timeout zero or less does not wait
     * @return empty if none came in time
     * @throws InterruptedException as {@link #take}
     * @throws dev.consort.core.SessionLostException if the session is lost or closed
     * @throws dev.consort.core.OutcomeUnknownException if it may have taken one as the time was over; it is put back if so
     */
    Optional<T> poll(Duration timeout) throws InterruptedException;

    /**
     * {@link #take} without blocking. If the future is completed by somebody else, such as by {@code cancel}, no item is taken, or
     * it is put back, before the others.
     *
     * @return completes on the session's executor
     */
    CompletableFuture<T> takeAsync();

    /**
     * The first item, which stays where it is. Someone may be about to take it.
     *
     * @return empty if there is none
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     * @throws dev.consort.core.RecipeException if the codec fails
     */
    Optional<T> peek();

    /**
     * How many items there are. Etcd looks at the keys of all of them to tell: not for a loop.
     *
     * @return zero or more
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     */
    long size();

    /**
     * The items that could not be decoded when they were taken.
     *
     * @return those of this queue
     */
    DeadLetters deadLetters();

    /**
     * The same queue with the methods of {@code java.util.concurrent}. Its iterator, and what is made of it, shows nothing: use
     * {@link #peek}. Interrupted methods of it that may not throw set the interrupt flag and throw {@link
     * dev.consort.core.RecipeException}.
     *
     * @return a view
     */
    BlockingQueue<T> asBlockingQueue();

    /** What became of an offer with an id. */
    enum Offered {
        /** It was put into the queue. */
        ADDED,
        /** Nothing was put, for its id was used before. */
        DUPLICATE,
        /** Nothing was put, for there was no room. */
        FULL
    }
}
