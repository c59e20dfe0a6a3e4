/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.LossReason;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The queues of a session that are in use. Names that nest are refused while both are in use: {@code app/sub} would sit in
 * the queue of {@code app}.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class ClaimQueues {
    private final EtcdSession session;
    private final NavigableMap<String, ClaimQueue> byName = new TreeMap<>();

    ClaimQueues(EtcdSession session) {
        this.session = session;
    }

    void enqueue(Waiter waiter) {
        String name = waiter.spec.name();
        ClaimQueue queue = byName.get(name);
        if (queue == null) {
            String other = nestingWith(name);
            if (other != null) {
                waiter.result.completeExceptionally(
                        new IllegalArgumentException(
                                "name '" + name + "' nests with '" + other
                                        + "', which this process uses too: one would sit in the queue of the other; rename one"));
                return;
            }
            queue = create(name, waiter.spec.recipe());
        }
        queue.enqueue(waiter);
    }

    private ClaimQueue create(String name, String recipe) {
        ClaimQueue queue = new ClaimQueue(session, QueueKeys.of(session.engine(), name, session.leaseId()), recipe);
        byName.put(name, queue);
        return queue;
    }

    private @Nullable String nestingWith(String name) {
        for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
            String outer = name.substring(0, slash);
            if (byName.containsKey(outer)) {
                return outer;
            }
        }
        String inner = byName.higherKey(name + "/");
        return inner != null && inner.startsWith(name + "/") ? inner : null;
    }

    void withdraw(Waiter waiter) {
        ClaimQueue queue = byName.get(waiter.spec.name());
        if (queue != null) {
            queue.withdraw(waiter);
        }
    }

    void forget(QueueKeys keys) {
        byName.remove(keys.name());
    }

    /** A message for a queue that nobody here uses speaks of a ghost. */
    void onMessage(Message message) {
        ClaimQueue queue = byName.get(message.queue());
        if (queue == null) {
            onGhost(message.queue(), message.revision());
        } else {
            queue.onMessage(message);
        }
    }

    /** A claim of ours was found for a name that was released: nobody's, unless the name is in use again. */
    void onGhost(String name, long revision) {
        if (session.isOpen() && !byName.containsKey(name)) {
            create(name, "Session").removeGhost(revision);
        }
    }

    void recheck() {
        List.copyOf(byName.values()).forEach(ClaimQueue::recheck);
    }

    void sessionEnded(LossReason reason) {
        List<ClaimQueue> all = List.copyOf(byName.values());
        byName.clear();
        all.forEach(queue -> queue.sessionEnded(reason));
    }
}
