/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.internal.Timing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** The system's clock, which a test can have jump: all timers that are due by then fire at once, and waits end. */
final class JumpingTiming implements Timing {
    private final Timing system = Timing.system();
    private final AtomicLong offset = new AtomicLong();
    private final Set<Pending> pending = ConcurrentHashMap.newKeySet();

    /** A timer that fires once, by the clock or by a jump. */
    private final class Pending {
        final long due;
        final Runnable task;
        final AtomicBoolean fired = new AtomicBoolean();

        Pending(Duration delay, Runnable task) {
            this.due = nanoTime() + delay.toNanos();
            this.task = task;
        }

        void fire() {
            pending.remove(this);
            if (fired.compareAndSet(false, true)) {
                task.run();
            }
        }
    }

    void jump(Duration by) {
        offset.addAndGet(by.toNanos());
        pending.stream().filter(each -> each.due - nanoTime() <= 0).forEach(Pending::fire);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime() + offset.get();
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        Pending added = new Pending(delay, task);
        pending.add(added);
        Timer timer = system.schedule(delay, added::fire);
        return () -> {
            timer.cancel();
            pending.remove(added);
            added.fired.set(true);
        };
    }

    @Override
    public <T> T await(CompletableFuture<T> future, Duration timeout)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<Boolean> late = new CompletableFuture<>();
        Timer timer = schedule(timeout, () -> late.complete(true));
        try {
            var unused = CompletableFuture.anyOf(future.handle((done, failed) -> true), late)
                    .get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return future.get(0, TimeUnit.NANOSECONDS);
        } finally {
            timer.cancel();
        }
    }

    @Override
    public InstantSource instants() {
        return InstantSource.fixed(Instant.EPOCH.plusSeconds(1));
    }

    @Override
    public void close() {
        pending.clear();
        system.close();
    }
}
