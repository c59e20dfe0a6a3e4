/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.internal.Timing;
import java.time.Duration;
import java.time.InstantSource;

/**
 * A clock that goes a quarter as fast, so that an operation that may take 5 s takes up to 20: for what asks so much of etcd at
 * once that a busy machine needs longer. Not for sessions, whose leases would run out first.
 */
final class Patience implements Timing {
    private static final int TIMES = 4;

    private final Timing system = Timing.system();

    @Override
    public long nanoTime() {
        return system.nanoTime() / TIMES;
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        return system.schedule(delay.multipliedBy(TIMES), task);
    }

    @Override
    public InstantSource instants() {
        return system.instants();
    }

    @Override
    public void close() {
        system.close();
    }
}
