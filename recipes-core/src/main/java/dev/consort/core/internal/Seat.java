/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

/**
 * A place in a local queue of somebody who makes the claim itself. While it is the first one nobody behind it is granted,
 * and the queue has no claim of its own.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
interface Seat {
    /** It is the first one, and no claim of the queue is left in etcd. Told again after a ghost was removed. */
    void first();

    /** Whether its claim is in etcd, or may be. */
    boolean isClaimed();

    /** A message for the queue, while the seat is the first one; false if it cannot be about its claim. */
    boolean onMessage(Message message);

    /** Messages may have been lost. */
    void recheck();
}
