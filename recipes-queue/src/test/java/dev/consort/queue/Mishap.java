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

/** What goes wrong on the way from a consumer to etcd. */
enum Mishap {
    LOSE_REQUEST,
    LOSE_REPLY,
    LAND_LATE,
    DUPLICATE,
    DELAY,
    BREAK_WATCH;

    private static final CallMatcher WRITES = CallMatcher.method("KV/Txn");
    private static final List<Mishap> ALL = List.of(values());
    private static final Map<Mishap, AtomicInteger> caused = new EnumMap<>(Mishap.class);

    static {
        ALL.forEach(mishap -> caused.put(mishap, new AtomicInteger()));
    }

    /** How often each was caused. */
    static Map<Mishap, AtomicInteger> caused() {
        return caused;
    }

    /** One of them, to whoever of a process writes next. */
    static void any(Peer peer, Random random) {
        Mishap mishap = ALL.get(random.nextInt(ALL.size()));
        Objects.requireNonNull(caused.get(mishap)).incrementAndGet();
        Duration late = Duration.ofMillis(random.nextInt(15));
        var unused = switch (mishap) {
            case LOSE_REQUEST -> peer.faults.loseNextRequest(WRITES);
            case LOSE_REPLY -> peer.faults.loseNextReply(WRITES);
            case LAND_LATE -> peer.faults.next(WRITES).landLate(late);
            case DUPLICATE -> peer.faults.next(WRITES).duplicateAfter(late);
            case DELAY -> peer.faults.delayNext(WRITES, late);
            case BREAK_WATCH -> peer.faults.breakStreams("Watch/Watch");
        };
    }
}
