/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Grant;
import dev.consort.core.GuardedTxn;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * An item that is to be worked on, held by this process until it says what came of it. Like any grant it has a fencing token, which
 * grows from delivery to delivery of an item, and a guard for writes in etcd; {@link #release()} and {@link #close()} give the item
 * back as {@link #nack} does, unless it was acknowledged.
 *
 * <p>Of {@link #ack()}, {@link #ack(Consumer)}, {@link #nack(Duration)} and {@link #release()} the first counts; the others return
 * false.
 *
 * <p><b>When the session is lost</b> the delivery is lost, as if it had been given back: somebody else will have the item, with the
 * next {@link #attempt()}. Nothing that this process does about it later has any effect in the queue.
 *
 * @param <T> the type of the items
 */
public interface Delivery<T> extends Grant {
    /**
     * The item.
     *
     * @return as it was offered
     */
    T value();

    /**
     * Which delivery of this item it is.
     *
     * @return 1 for the first
     */
    long attempt();

    /**
     * Takes the item out of the queue for good: the work is done. Guarded transactions in flight are waited for. Bounded by the
     * request timeout; keeps the interrupt flag. This holds for all that follow.
     *
     * @return true if it was held until now, so that nobody else will have it; false if it had been lost, or was given back before
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not confirm within the request timeout; it goes on trying as long
     *     as the session lives
     */
    boolean ack();

    /**
     * The same together with writes in etcd, in one transaction: all of them are applied, and the item is out of the queue; or none
     * is. So the work is done exactly once, as far as it is in these writes.
     *
     * @param writes adds up to 100 writes; called at once, on this thread. It must not commit
     * @return true if all was applied; false if the delivery had been lost, or was given back before, and nothing was
     * @throws IllegalArgumentException as {@link GuardedTxn} does; the delivery is still held
     * @throws dev.consort.core.OutcomeUnknownException as {@link #ack()}
     */
    boolean ack(Consumer<GuardedTxn> writes);

    /**
     * {@link #ack()} without blocking.
     *
     * @return completes on the session's executor when etcd has confirmed
     */
    CompletableFuture<Boolean> ackAsync();

    /**
     * Gives the item back, to be delivered again: to its old place in the queue, but not before a time. If this was the last of its
     * attempts it becomes a dead letter.
     *
     * @param delay zero to 365 days, by the clock of whoever takes it next
     * @return true if it was held until now; false if it had been lost, or was given back before
     * @throws IllegalArgumentException if the delay is negative or longer
     * @throws dev.consort.core.OutcomeUnknownException as {@link #ack()}
     */
    boolean nack(Duration delay);

    /**
     * The same, saying why: for the dead letter that it may become.
     *
     * @param delay as there
     * @param reason for people; the first 1,024 characters count
     * @return as there
     */
    boolean nack(Duration delay, String reason);

    /**
     * Begins the time limit anew, within which an item must be worked on. Asks nobody: costs no request.
     *
     * @return whether it is still held
     */
    boolean extend();
}
