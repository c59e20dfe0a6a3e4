/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** What goes wrong on the way to etcd, for the properties of queues. */
enum QueueTrouble {
    LOSE_REQUEST,
    LOSE_REPLY,
    LAND_LATE,
    DUPLICATE,
    DELAY,
    BREAK_WATCH;

    /** All watches of a process break at once, and are opened again: of so many troubles it is one. */
    private static final int WATCHES = 30;

    private static final CallMatcher WRITES = CallMatcher.method("KV/Txn");
    private static final List<QueueTrouble> ALL = List.of(values());
    private static final Map<QueueTrouble, AtomicInteger> caused = new EnumMap<>(QueueTrouble.class);

    static {
        ALL.forEach(trouble -> caused.put(trouble, new AtomicInteger()));
    }

    /** How often each was caused. */
    static Map<QueueTrouble, AtomicInteger> caused() {
        return caused;
    }

    /** One of them, to whatever a process asks next. */
    static void any(Peer peer, Random random) {
        boolean breaks = random.nextInt(WATCHES) == 0;
        QueueTrouble trouble = breaks ? BREAK_WATCH : ALL.get(random.nextInt(ALL.size() - 1));
        Objects.requireNonNull(caused.get(trouble)).incrementAndGet();
        Duration late = Duration.ofMillis(random.nextInt(15));
        var unused = switch (trouble) {
            case LOSE_REQUEST -> peer.faults.loseNextRequest(WRITES);
            case LOSE_REPLY -> peer.faults.loseNextReply(WRITES);
            case LAND_LATE -> peer.faults.next(WRITES).landLate(late);
            case DUPLICATE -> peer.faults.next(WRITES).duplicateAfter(late);
            case DELAY -> peer.faults.delayNext(WRITES, late);
            case BREAK_WATCH -> peer.faults.breakStreams("Watch/Watch");
        };
    }
}
