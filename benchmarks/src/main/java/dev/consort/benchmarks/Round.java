/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One contender at work for a while: all its participants loop, and between two moments their operations are counted.
 *
 * <p>Both moments are those of an operation's end, the last one by then: so a rate of few operations is as exact as one of many.
 */
final class Round {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int APART = 8; // elements, so that no two participants write to one cache line

    private final String name;
    private final Contender contender;
    private final AtomicLongArray counts;
    private final AtomicLongArray ends;
    private final long start = System.nanoTime();
    private final CountDownLatch failed = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean over; // set by the measuring thread, read by the participants

    private Round(String name, Contender contender) {
        this.name = name;
        this.contender = contender;
        this.counts = new AtomicLongArray(contender.participants() * APART);
        this.ends = new AtomicLongArray(contender.participants() * APART);
    }

    /** How far all participants have come. */
    private record Progress(long operations, long nanos) {}

    /**
     * Runs a contender, without counting for the first part of the time.
     *
     * @throws IllegalStateException if an operation fails, or none is done, or the participants do not end
     */
    static Sample run(String name, Contender contender, Duration leadIn, Duration window) throws InterruptedException {
        Round round = new Round(name, contender);
        List<Thread> threads = round.start();
        Sample sample;
        try {
            sample = round.measure(leadIn, window);
        } finally {
            round.over = true;
        }
        round.end(threads);
        contender.settle();
        return sample;
    }

    private List<Thread> start() {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < contender.participants(); i++) {
            int participant = i;
            Thread thread = new Thread(() -> work(participant), "participant-" + participant);
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        return threads;
    }

    private void work(int participant) {
        long count = 0;
        try {
            while (!over) {
                int done = contender.operate(participant);
                if (done > 0) {
                    count += done;
                    ends.lazySet(participant * APART, System.nanoTime() - start);
                    counts.lazySet(participant * APART, count);
                }
            }
        } catch (Throwable e) { // also a failed assertion of the contender's
            failure.compareAndSet(null, e);
            failed.countDown();
        }
    }

    private Sample measure(Duration leadIn, Duration window) throws InterruptedException {
        pause(leadIn);
        Usage usageBefore = Usage.now();
        Progress before = progress();
        pause(window);
        Progress after = progress();
        for (long waited = 0; after.operations == before.operations; waited++) {
            if (waited == PATIENCE.toSeconds()) {
                throw new IllegalStateException(name + ": no operation has ended in " + PATIENCE);
            }
            pause(Duration.ofSeconds(1));
            after = progress();
        }
        Usage usage = Usage.now();
        double operations = after.operations - before.operations;
        return new Sample(
                operations * 1e9 / (after.nanos - before.nanos),
                usage.cpuNanosSince(usageBefore) / 1e3 / operations,
                usage.bytesSince(usageBefore) / operations);
    }

    private void pause(Duration time) throws InterruptedException {
        if (failed.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
            throw failed();
        }
    }

    private IllegalStateException failed() {
        return new IllegalStateException(name + " has failed", failure.get());
    }

    private Progress progress() {
        long sum = 0;
        long last = 0;
        for (int i = 0; i < contender.participants(); i++) {
            sum += counts.get(i * APART);
            last = Math.max(last, ends.get(i * APART));
        }
        return new Progress(sum, last);
    }

    private void end(List<Thread> threads) throws InterruptedException {
        contender.wake();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (Thread thread : threads) {
            thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
            if (thread.isAlive()) {
                throw new IllegalStateException(name + ": " + thread.getName() + " does not end");
            }
        }
        if (failure.get() != null) {
            throw failed();
        }
    }
}
