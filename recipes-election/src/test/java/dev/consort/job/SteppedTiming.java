/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.internal.Timing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** The system's clocks, but for a wall clock that can be set. Thread-safe. */
final class SteppedTiming implements Timing {
    private final Timing system = Timing.system();
    private final AtomicLong ahead = new AtomicLong(); // in milliseconds

    void step(Duration duration) {
        ahead.addAndGet(duration.toMillis());
    }

    @Override
    public long nanoTime() {
        return system.nanoTime();
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        return system.schedule(delay, task);
    }

    @Override
    public InstantSource instants() {
        return () -> Instant.now().plusMillis(ahead.get());
    }

    @Override
    public void close() {
        system.close();
    }
}
