/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** The system's clock, but the process seems to have been paused when the test says so; the wall clock jumps likewise. */
final class JumpingTiming implements Timing {
    private final Timing system = Timing.system();
    private final AtomicLong offset = new AtomicLong();
    private final AtomicLong wallMillis = new AtomicLong();

    void jump(Duration pause) {
        offset.addAndGet(pause.toNanos());
    }

    void jumpWallClock(Duration by) {
        wallMillis.addAndGet(by.toMillis());
    }

    @Override
    public long nanoTime() {
        return system.nanoTime() + offset.get();
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        return system.schedule(delay, task);
    }

    @Override
    public InstantSource instants() {
        return () -> system.instants().instant().plusMillis(wallMillis.get());
    }

    @Override
    public void close() {
        system.close();
    }
}
