/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.LossReason;

/**
 * All in this process that want one name through one session, in front of the claims that they share.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
interface LocalQueue extends Grantor {
    void enqueue(Waiter waiter);

    /** Removes a waiter; one that was granted meanwhile keeps its grant. */
    void withdraw(Waiter waiter);

    void onMessage(Message message);

    /** A claim of ours was found that nobody here knows. */
    void removeGhost(QueueKeys keys, long revision);

    /** Messages may have been lost. */
    @Override
    void recheck();

    void sessionEnded(LossReason reason);
}
