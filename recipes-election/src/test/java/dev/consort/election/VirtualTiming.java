/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.internal.Timing;
import dev.consort.testkit.stress.VirtualClock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** The engine's time as that of a virtual arena, on whose one thread all of it runs. */
final class VirtualTiming implements Timing {
    private final VirtualClock clock;
    private boolean closed;

    VirtualTiming(VirtualClock clock) {
        this.clock = clock;
    }

    @Override
    public long nanoTime() {
        return clock.nanoTime();
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        return clock.schedule(delay, () -> {
            if (!closed) {
                task.run();
            }
        })::run;
    }

    @Override
    public <T> T await(CompletableFuture<T> future, Duration timeout) throws ExecutionException, TimeoutException {
        return clock.await(future, timeout);
    }

    @Override
    public long random(long bound) {
        return clock.random(bound);
    }

    @Override
    public InstantSource instants() {
        return () -> Instant.EPOCH;
    }

    @Override
    public void close() {
        closed = true;
    }
}
