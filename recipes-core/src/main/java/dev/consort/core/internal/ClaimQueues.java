/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.LossReason;
import dev.consort.core.internal.ClaimSpec.Mode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The queues of a session that are in use. Names that clash with others of the connection are refused while both are in
 * use: {@code app/sub} would sit in the queue of {@code app}.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class ClaimQueues {
    private final EtcdSession session;
    private final Map<String, LocalQueue> byName = new LinkedHashMap<>();
    private final Map<String, Set<String>> alone = new HashMap<>(); // each recipe: shared by all names of only that
    private final Map<Waiter, MultiClaim> together = new LinkedHashMap<>();

    ClaimQueues(EtcdSession session) {
        this.session = session;
    }

    void enqueue(Waiter waiter) {
        List<String> names = waiter.spec.names();
        try {
            take(names.isEmpty() ? List.of(waiter.spec.name()) : names, waiter.spec);
            if (names.isEmpty()) {
                queue(waiter.spec.name(), waiter.spec).enqueue(waiter);
            } else {
                enqueueTogether(waiter);
            }
        } catch (IllegalArgumentException e) {
            waiter.result.completeExceptionally(e);
        }
    }

    private void enqueueTogether(Waiter waiter) {
        List<ExclusiveQueue> queues = waiter.spec.names().stream()
                .map(name -> (ExclusiveQueue) queue(name, waiter.spec))
                .toList();
        MultiClaim claim = new MultiClaim(session, waiter, queues, () -> together.remove(waiter));
        together.put(waiter, claim);
        claim.start();
    }

    private LocalQueue queue(String name, ClaimSpec spec) {
        LocalQueue queue = byName.get(name);
        return queue == null ? create(name, spec.recipe(), Kind.of(spec.mode())) : queue;
    }

    /** Takes all of these names into use, or none. */
    private void take(List<String> names, ClaimSpec spec) {
        Kind kind = Kind.of(spec.mode());
        List<String> fresh = new ArrayList<>();
        try {
            for (String name : names) {
                LocalQueue queue = byName.get(name);
                boolean otherKind = queue != null && Kind.of(queue) != kind;
                if (queue != null && otherKind && queue.recipes().isEmpty()) {
                    throw new IllegalArgumentException(spec.recipe() + " name '" + name + "' was that of "
                            + Kind.of(queue).text + ", of which a claim is being removed; rename one");
                }
                if (queue == null || !queue.recipes().contains(spec.recipe()) || otherKind) {
                    session.engine()
                            .namesInUse()
                            .enter(spec.recipe(), name, NamesInUse.claims(spec.recipe(), spec.mode()), Map.of());
                    fresh.add(name);
                }
            }
        } catch (IllegalArgumentException e) {
            fresh.forEach(name -> session.engine().namesInUse().leave(spec.recipe(), name));
            throw e;
        }
        fresh.forEach(name -> use(queue(name, spec), spec.recipe()));
    }

    private void use(LocalQueue queue, String recipe) {
        Set<String> before = queue.recipes();
        queue.usedBy(
                before.isEmpty()
                        ? alone.computeIfAbsent(recipe, one -> Set.of(one))
                        : Stream.concat(before.stream(), Stream.of(recipe)).collect(Collectors.toUnmodifiableSet()));
    }

    private void giveBack(String name, LocalQueue queue) {
        queue.recipes().forEach(recipe -> session.engine().namesInUse().leave(recipe, name));
    }

    private LocalQueue create(String name, String recipe, Kind kind) {
        LocalQueue queue = switch (kind) {
            case EXCLUSIVE -> new ExclusiveQueue(session, keys(name, ExclusiveRule.INSTANCE), recipe);
            case SHARED ->
                new ReadWriteQueue(session, keys(name, ReadWriteRule.READ), keys(name, ReadWriteRule.WRITE), recipe);
            case PERMITS -> new SemaphoreQueue(session, name, recipe);
        };
        byName.put(name, queue);
        return queue;
    }

    /** What a name can be used as, by one process as one of them at a time. */
    private enum Kind {
        EXCLUSIVE("a mutex or an election"),
        SHARED("a read-write lock"),
        PERMITS("a semaphore");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        static Kind of(Mode mode) {
            return switch (mode) {
                case EXCLUSIVE -> EXCLUSIVE;
                case READ, WRITE -> SHARED;
                case PERMITS -> PERMITS;
            };
        }

        static Kind of(LocalQueue queue) {
            return queue instanceof SemaphoreQueue ? PERMITS : queue instanceof ReadWriteQueue ? SHARED : EXCLUSIVE;
        }

        static Kind of(ClaimRule rule) {
            return rule instanceof SemaphoreRule ? PERMITS : rule instanceof ReadWriteRule ? SHARED : EXCLUSIVE;
        }
    }

    private QueueKeys keys(String name, ClaimRule rule) {
        return QueueKeys.of(session.engine(), name, session.leaseId(), rule);
    }

    void withdraw(Waiter waiter) {
        MultiClaim several = together.get(waiter);
        LocalQueue queue = byName.get(waiter.spec.name());
        if (several != null) {
            several.withdraw();
        } else if (queue != null) {
            queue.withdraw(waiter);
        }
    }

    void forget(QueueKeys keys) {
        LocalQueue queue = byName.remove(keys.name());
        if (queue != null) {
            giveBack(keys.name(), queue);
        }
    }

    /** A message for a queue that nobody here uses speaks of a ghost. */
    void onMessage(Message message) {
        LocalQueue queue = byName.get(message.queue());
        if (queue == null) {
            // Which claim of ours it may be is told by those released lately; else only a mutex's can be meant.
            List<QueueKeys> lately = session.releasedLately(message.queue());
            (lately.isEmpty() ? List.of(keys(message.queue(), ExclusiveRule.INSTANCE)) : lately)
                    .forEach(keys -> onGhost(keys, message.revision()));
        } else {
            queue.onMessage(message);
        }
    }

    /** A claim of ours was found for a name that was released: nobody's, unless it is in use again. */
    void onGhost(QueueKeys keys, long revision) {
        if (!session.isOpen()) {
            return;
        }
        LocalQueue queue = byName.get(keys.name());
        Kind kind = Kind.of(keys.rule());
        if (queue == null) {
            create(keys.name(), "Session", kind).removeGhost(keys, revision);
        } else if (Kind.of(queue) == kind) {
            queue.removeGhost(keys, revision);
        }
    }

    void recheck() {
        List.copyOf(byName.values()).forEach(LocalQueue::recheck);
    }

    void sessionEnded(LossReason reason) {
        List.copyOf(together.values()).forEach(claim -> claim.sessionEnded(reason));
        together.clear();
        List<LocalQueue> all = List.copyOf(byName.values());
        byName.forEach(this::giveBack);
        byName.clear();
        all.forEach(queue -> queue.sessionEnded(reason));
    }
}
