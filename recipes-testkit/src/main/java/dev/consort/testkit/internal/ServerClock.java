/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The monotonic time of a server: real time or none, plus what it was told to advance. Threadsafe. */
final class ServerClock {
    private final boolean virtual;
    private final AtomicLong advanced = new AtomicLong();

    ServerClock(boolean virtual) {
        this.virtual = virtual;
    }

    boolean isVirtual() {
        return virtual;
    }

    long nanos() {
        return (virtual ? 0 : System.nanoTime()) + advanced.get();
    }

    void advance(Duration by) {
        advanced.addAndGet(by.toNanos());
    }
}
