/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Interruption;
import dev.consort.core.internal.Timing;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a loop's task: interrupted when the leadership is lost or the loop closed, with a warning each TTL while it
 * goes on then. Thread-safe.
 */
final class LeaderTerm {
    private static final Logger log = LoggerFactory.getLogger(LeaderTerm.class);

    private final EtcdSession session;
    private final EtcdLeadership leadership;
    private final LeaderLoop.Task task;
    private final Interruption interruption = new Interruption();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private volatile boolean lost; // set by the engine
    private volatile boolean over; // set by the thread that runs it
    private volatile Timing.Timer warning = Timing.Timer.NONE; // set by whoever stops it first, then by the timer

    LeaderTerm(EtcdSession session, EtcdLeadership leadership, LeaderLoop.Task task) {
        this.session = session;
        this.leadership = leadership;
        this.task = task;
    }

    /** Runs the task on this thread. */
    void run() throws Exception {
        leadership.grant().onLost(() -> {
            lost = true;
            stop();
        });
        try {
            interruption.during(() -> {
                task.lead(leadership);
                return true;
            });
        } finally {
            over = true;
            warning.cancel();
        }
    }

    /** Interrupts the task, once. */
    void stop() {
        if (stopped.compareAndSet(false, true)) {
            interruption.interrupt();
            warnLater(session.timing().nanoTime());
        }
    }

    private void warnLater(long since) {
        if (!over) {
            warning = session.timing().schedule(session.ttl(), () -> warn(since));
        }
    }

    private void warn(long since) {
        if (!over) {
            log.warn(
                    "{}: the task has ignored its interrupt for {} s; {}",
                    leadership,
                    Duration.ofNanos(session.timing().nanoTime() - since).toSeconds(),
                    leadership.isHeld() ? "nobody else can lead until it ends" : "it does not lead any more");
            warnLater(since);
        }
    }

    /** Whether the leadership was lost while the task ran. */
    boolean isLost() {
        return lost;
    }

    /** Whether it was interrupted, so that what it throws may be no failure. */
    boolean isStopped() {
        return stopped.get();
    }
}
