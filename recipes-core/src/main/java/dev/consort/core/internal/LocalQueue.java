/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.LossReason;
import java.util.Set;

/**
 * All in this process that want one name through one session, in front of the claims that they share.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
abstract class LocalQueue implements Grantor {
    /** That use the name; none for a ghost's. Here, because there may be many queues. */
    private Set<String> recipes = Set.of();

    final Set<String> recipes() {
        return recipes;
    }

    final void usedBy(Set<String> all) {
        recipes = all;
    }

    abstract void enqueue(Waiter waiter);

    /** Removes a waiter; one that was granted meanwhile keeps its grant. */
    abstract void withdraw(Waiter waiter);

    abstract void onMessage(Message message);

    /** A claim of ours was found that nobody here knows. */
    abstract void removeGhost(QueueKeys keys, long revision);

    /** Messages may have been lost. */
    @Override
    public abstract void recheck();

    abstract void sessionEnded(LossReason reason);
}
