/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A process that may stand still, as by SIGSTOP: what is to happen in it happens when it goes on, in its order. */
final class VirtualProcess implements VirtualClock {
    private static final long USUAL_QUEUEING = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long LONGEST_QUEUEING = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int SELDOM = 6;

    private final VirtualTime time;
    private long stalledUntil;

    VirtualProcess(VirtualTime time) {
        this.time = time;
    }

    void stall(Duration howLong) {
        stalledUntil = Math.max(stalledUntil, time.elapsed() + howLong.toNanos());
    }

    void goOn() {
        stalledUntil = 0;
    }

    long stalledUntil() {
        return stalledUntil;
    }

    boolean isStalled() {
        return stalledUntil > time.elapsed();
    }

    @Override
    public long nanoTime() {
        return time.nanoTime();
    }

    @Override
    public Runnable schedule(Duration delay, Runnable task) {
        return time.after(this, delay, task)::cancel;
    }

    @Override
    public <T> T await(CompletableFuture<T> future, Duration timeout) throws ExecutionException, TimeoutException {
        return time.await(this, future, timeout);
    }

    @Override
    public long random(long bound) {
        return time.random(bound);
    }

    @Override
    public Executor executor() {
        return task -> {
            long longest = time.random(SELDOM) == 0 ? LONGEST_QUEUEING : USUAL_QUEUEING;
            var unused = time.after(this, Duration.ofNanos(time.random(longest)), task);
        };
    }

    /** Where code runs that may block by {@link #await}. */
    Executor threads() {
        return task -> time.execute(this, task);
    }
}
