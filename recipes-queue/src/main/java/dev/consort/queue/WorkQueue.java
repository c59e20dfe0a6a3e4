/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.OneSession;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A queue of work: an item stays in it until somebody has acknowledged it. If the process that works on it ends, or gives it back,
 * it is delivered again, with the next number of its attempts; and after some attempts it is put aside, among the dead letters, so
 * that what cannot be done does not keep the others from their work. For coordination: thousands of items at a time, hundreds a
 * second, and not for bulk data; {@code docs/work-queue.md} has the limits.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, cost nothing to make, and need not be closed; all
 * of one session and name are the same queue.
 *
 * <p><b>Guarantees.</b> <em>At least once</em>: no item is lost, whatever process ends at whatever step. It is delivered to one
 * process at a time, as far as etcd can tell: one that lost its session may go on working for a while, which the fencing token of
 * each {@link Delivery} and its guard are for. {@link Delivery#ack(java.util.function.Consumer)} does the acknowledgement and writes
 * in etcd in one transaction: <em>exactly once</em>, within etcd.
 *
 * <p><b>Order.</b> Items are delivered in the order in which they were offered, and one that comes back has its old place. But those
 * who work on them at the same time may end in any order.
 *
 * <p><b>When the session is lost</b> its deliveries are lost, and their items are delivered again, and whoever waits for one is told
 * by {@link dev.consort.core.SessionLostException}. A queue that was made with a factory uses its next session from then on.
 *
 * @param <T> the type of the items
 */
public interface WorkQueue<T> {
    /**
     * A queue of a session.
     *
     * @param session by which this process takes items
     * @param name of the queue: segments with single slashes between them, such as {@code mails/out}; must not nest with that of a
     *     lock or another recipe
     * @param codec of the items
     * @param <T> of the items
     * @return the queue, with 5 attempts for each item and a time limit of 10 minutes for each of them
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more than
     *     4,096 bytes
     */
    static <T> WorkQueue<T> create(Session session, String name, Codec<T> codec) {
        return builder(session, name, codec).build();
    }

    /**
     * A queue that is to be set up otherwise.
     *
     * @param session as in {@link #create}
     * @param name as in {@link #create}
     * @param codec as in {@link #create}
     * @param <T> of the items
     * @return a builder
     */
    static <T> Builder<T> builder(Session session, String name, Codec<T> codec) {
        return new WorkQueueBuilder<>(new OneSession(session), name, codec);
    }

    /**
     * A queue that outlives its session: it goes on with the next one of a factory.
     *
     * @param sessions opens them; to be closed by the user
     * @param name as in {@link #create}
     * @param codec as in {@link #create}
     * @param <T> of the items
     * @return a builder
     */
    static <T> Builder<T> builder(SessionFactory sessions, String name, Codec<T> codec) {
        return new WorkQueueBuilder<>(sessions, name, codec);
    }

    /**
     * Sets up a queue. Immutable: each method returns another one.
     *
     * @param <T> the type of the items
     */
    interface Builder<T> {
        /**
         * How often an item is delivered before it is put aside. Processes may differ in this; the one that would deliver it decides.
         *
         * @param attempts 1 to 1,000; 5 unless it is said
         * @return another builder
         * @throws IllegalArgumentException if it is out of range
         */
        Builder<T> maxAttempts(int attempts);

        /**
         * For how long a delivery may be held without {@link Delivery#extend}; then it is taken from its holder, whose {@link
         * Delivery#lost} completes.
         *
         * @param limit 100 ms to 365 days; 10 minutes unless it is said
         * @return another builder
         * @throws IllegalArgumentException if it is out of range
         */
        Builder<T> timeLimit(Duration limit);

        /**
         * Lets the queue have no more items than this, those in flight included. All processes that offer must say the same, which is
         * checked.
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
        WorkQueue<T> build();
    }

    /**
     * The name.
     *
     * @return as it was given
     */
    String name();

    /**
     * Puts an item at the end; see {@link DistributedQueue#offer(Object)}.
     *
     * @param item at most 128 KiB as the codec writes it
     * @return whether it was put; false if the queue has a capacity, and no room
     */
    boolean offer(T item);

    /**
     * Puts several items at the end, in one transaction; see {@link DistributedQueue#offerAll}.
     *
     * @param items 1 to 100, at most 1 MiB in all
     * @return whether they were put; false if the queue has a capacity, and no room for all of them
     */
    boolean offerAll(List<? extends T> items);

    /**
     * Puts an item, unless one was put by the same id before; see {@link DistributedQueue#offerOnce}.
     *
     * @param id 1 to 512 bytes
     * @param item as in {@link #offer}
     * @return what became of it
     */
    DistributedQueue.Offered offerOnce(String id, T item);

    /**
     * {@link #offer} without blocking.
     *
     * @param item as there
     * @return completes on the session's executor
     */
    CompletableFuture<Boolean> offerAsync(T item);

    /**
     * Waits for the first item that nobody has.
     *
     * @return to be acknowledged, or given back
     * @throws InterruptedException if interrupted while it waits. If an item came at that very moment, it is returned, and the
     *     interrupt flag is set
     * @throws dev.consort.core.SessionLostException if the session is lost or closed
     */
    Delivery<T> receive() throws InterruptedException;

    /**
     * {@link #receive()}, waiting no longer than this.
     *
     * @param timeout zero or less does not wait
     * @return empty if none came in time
     * @throws InterruptedException as there
     * @throws dev.consort.core.SessionLostException as there
     * @throws dev.consort.core.OutcomeUnknownException if the time is over and etcd does not say whether an item came; one that did
     *     is given back, which counts as an attempt
     * @throws dev.consort.core.EtcdUnavailableException if it was not to wait, and etcd did not answer within the request timeout
     */
    Optional<Delivery<T>> receive(Duration timeout) throws InterruptedException;

    /**
     * {@link #receive()} without blocking. If the future is completed by somebody else, such as by {@code cancel}, an item that comes
     * all the same is given back; that counts as an attempt.
     *
     * @return completes on the session's executor
     */
    CompletableFuture<Delivery<T>> receiveAsync();

    /**
     * Works on the items from now on, in threads of its own.
     *
     * @param concurrency how many items at a time: 1 to 1,000
     * @param handler what is done with each
     * @return the loop, to be closed
     * @throws IllegalArgumentException if {@code concurrency} is out of range
     */
    Consumption consume(int concurrency, WorkHandler<T> handler);

    /**
     * What is in the queue. Etcd looks at the keys of all items to tell: not for a loop.
     *
     * @return as it is at one moment
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     */
    WorkQueueState state();

    /**
     * The items that were put aside.
     *
     * @return those of this queue
     */
    DeadLetters deadLetters();
}
