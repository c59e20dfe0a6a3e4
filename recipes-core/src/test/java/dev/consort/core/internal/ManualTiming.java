/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;

/** A clock that a test drives by hand, on its own thread. It starts just before {@code nanoTime} overflows. */
final class ManualTiming implements Timing {
    private final Queue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::dueIn).thenComparingLong(task -> task.number));
    private long now = Long.MAX_VALUE - Duration.ofSeconds(7).toNanos();
    private Instant wall = Instant.EPOCH;
    private long numbers;

    private final class Task {
        final long due;
        final long number = numbers++;
        final Runnable action;

        Task(long due, Runnable action) {
            this.due = due;
            this.action = action;
        }

        long dueIn() {
            return due - now;
        }
    }

    /** Lets time pass, with every timer at its time. */
    void advance(Duration time) {
        long end = now + time.toNanos();
        for (Task next = tasks.peek(); next != null && next.due - end <= 0; next = tasks.peek()) {
            tasks.remove();
            if (next.due - now > 0) {
                now = next.due;
            }
            next.action.run();
        }
        now = end;
    }

    /** The process is paused: time passes, and no timer runs. */
    void pause(Duration time) {
        now += time.toNanos();
    }

    /** Somebody sets the wall clock. */
    void setWallClock(Instant instant) {
        wall = instant;
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        Task added = new Task(now + delay.toNanos(), task);
        tasks.add(added);
        return () -> tasks.remove(added);
    }

    @Override
    public InstantSource instants() {
        return () -> wall;
    }

    @Override
    public void close() {
        tasks.clear();
    }
}
