/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.internal.Backoff;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a place gets its next session: on a thread of its own, since opening one blocks, which ends when there is one.
 *
 * <p>Concurrency: there is one such thread at a time; {@link #stop} may be called by any.
 */
final class Rejoining {
    private static final Logger log = LoggerFactory.getLogger(Rejoining.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private final EtcdSeat seat;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Backoff backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE); // confined to the thread

    Rejoining(EtcdSeat seat) {
        this.seat = seat;
    }

    /**
     * Begins.
     *
     * @param failed whether etcd refused it, so that it had better wait a moment; else it had a session until now
     */
    void start(boolean failed) {
        Thread thread = new Thread(() -> run(failed), "consort-member-" + seat.key());
        thread.setDaemon(true);
        thread.start();
    }

    void stop() {
        stopped.countDown();
    }

    boolean isStopped() {
        return stopped.getCount() == 0;
    }

    private void run(boolean failed) {
        if (!failed) {
            backoff.reset();
        }
        boolean pause = failed;
        Duration round = Duration.ZERO;
        while (!isStopped()) {
            if (pause) {
                pause(backoff.after(round));
            }
            pause = true;
            long start = System.nanoTime();
            try {
                seat.beginAgain();
                return;
            } catch (IllegalStateException | IllegalArgumentException e) {
                seat.end(e);
                return;
            } catch (RuntimeException | Error e) {
                log.debug("{}: has no session, and tries again", seat, e);
                seat.note(e);
            }
            round = Duration.ofNanos(System.nanoTime() - start);
        }
    }

    private void pause(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        while (true) {
            try {
                var unused = stopped.await(until - System.nanoTime(), TimeUnit.NANOSECONDS);
                return;
            } catch (InterruptedException e) {
                // Nobody knows this thread.
            }
        }
    }
}
