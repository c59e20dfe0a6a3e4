/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.internal.Timing;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** The system's, but for a wall clock that is wrong, and may be set. */
final class OffsetTiming implements Timing {
    private final Timing system = Timing.system();
    private final AtomicLong longest = new AtomicLong(); // ms
    private volatile Duration offset; // set by the test

    OffsetTiming(Duration offset) {
        this.offset = offset;
    }

    /** For how long anything was put off at most. */
    Duration longest() {
        return Duration.ofMillis(longest.get());
    }

    void set(Duration to) {
        offset = to;
    }

    @Override
    public long nanoTime() {
        return system.nanoTime();
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        longest.accumulateAndGet(delay.toMillis(), Math::max);
        return system.schedule(delay, task);
    }

    @Override
    public InstantSource instants() {
        return () -> system.instants().instant().plus(offset);
    }

    /** However long the machine stands still: for tests of what etcd says, not of how soon. */
    @Override
    public Duration verdict() {
        return Duration.ofSeconds(5);
    }

    @Override
    public void close() {
        system.close();
    }
}
