/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waiting with a limit on the monotonic clock. */
final class Bounded {
    private Bounded() {}

    /** One attempt to see the awaited state within the given time. */
    @FunctionalInterface
    interface Wait {
        boolean await(long nanos) throws InterruptedException;
    }

    /** Lets a moment pass between two looks at something that cannot be waited for. */
    static void pause(Duration pause) {
        try {
            var unused = new CountDownLatch(1).await(pause.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EtcdProcessException("interrupted while waiting", e);
        }
    }

    /** Waits through interrupts, and sets the interrupt flag again at the end. */
    static boolean uninterrupted(Duration limit, Wait wait) {
        long deadline = System.nanoTime() + limit.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return wait.await(Math.max(0, deadline - System.nanoTime()));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
