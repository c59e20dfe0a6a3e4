/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A task whose runs a test looks at, and lets end one by one or freely. Thread-safe. */
final class Work implements ClusteredJob.Task {
    final BlockingQueue<Run> begun = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
    private final AtomicInteger atOnce = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private volatile boolean free;

    /** Ends by itself. */
    static Work free() {
        Work work = new Work();
        work.free = true;
        return work;
    }

    @Override
    public void run(Run run) throws Exception {
        most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        try {
            begun.add(run);
            if (!free) {
                String end = ends.take();
                if (!end.isEmpty()) {
                    throw new IllegalStateException(end);
                }
            }
        } finally {
            atOnce.decrementAndGet();
        }
    }

    Run next() throws InterruptedException {
        Run run = begun.poll(10, TimeUnit.SECONDS);
        assertThat(run).as("a run begins").isNotNull();
        return run;
    }

    void end() {
        ends.add("");
    }

    void fail(String why) {
        ends.add(why);
    }

    List<Instant> scheduledTimes() {
        return begun.stream().map(Run::scheduledTime).toList();
    }

    int mostAtOnce() {
        return most.get();
    }
}
