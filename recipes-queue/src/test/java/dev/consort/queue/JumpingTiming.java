/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.internal.Timing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The system's clock, but time seems to have passed when the test says so; for people there is none. */
final class JumpingTiming implements Timing {
    private final Timing system = Timing.system();
    private final AtomicLong offset = new AtomicLong();
    private final AtomicInteger endless = new AtomicInteger();
    private volatile Duration endlessUpTo = Duration.ofMillis(-1);

    void jump(Duration by) {
        offset.addAndGet(by.toNanos());
    }

    /** Timers up to this delay do not fire from now on. */
    void neverFire(Duration upTo) {
        endlessUpTo = upTo;
    }

    /** How many timers were set that do not fire. */
    int endless() {
        return endless.get();
    }

    @Override
    public long nanoTime() {
        return system.nanoTime() + offset.get();
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        if (delay.compareTo(endlessUpTo) <= 0) {
            endless.incrementAndGet();
            return Timer.NONE;
        }
        return system.schedule(delay, task);
    }

    /** It stands still, and long ago: nothing may depend on it. */
    @Override
    public InstantSource instants() {
        return InstantSource.fixed(Instant.EPOCH);
    }

    @Override
    public void close() {
        system.close();
    }
}
