/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** What goes wrong on the way to etcd. */
enum Trouble {
    LOSE_REQUEST,
    LOSE_REPLY,
    LAND_LATE,
    DELAY,
    BREAK_WATCH;

    private static final CallMatcher WRITES = CallMatcher.method("KV/Txn");
    private static final List<Trouble> ALL = List.of(values());
    private static final Map<Trouble, AtomicInteger> caused = new EnumMap<>(Trouble.class);

    static {
        ALL.forEach(trouble -> caused.put(trouble, new AtomicInteger()));
    }

    /** How often each was caused. */
    static Map<Trouble, AtomicInteger> caused() {
        return caused;
    }

    /** One of them, to whoever of a party writes next. */
    static void any(Party party, Random random) {
        Trouble trouble = ALL.get(random.nextInt(ALL.size()));
        Objects.requireNonNull(caused.get(trouble)).incrementAndGet();
        Duration late = Duration.ofMillis(random.nextInt(15));
        var unused = switch (trouble) {
            case LOSE_REQUEST -> party.faults.loseNextRequest(WRITES);
            case LOSE_REPLY -> party.faults.loseNextReply(WRITES);
            case LAND_LATE -> party.faults.next(WRITES).landLate(late);
            case DELAY -> party.faults.delayNext(WRITES, late);
            case BREAK_WATCH -> party.faults.breakStreams("Watch/Watch");
        };
    }
}
