/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.internal.Timing;
import java.time.Duration;
import java.time.InstantSource;

/**
 * The system's, but one whose time is over waits for etcd's word however long the machine stands still: for tests of what etcd
 * says, not of how soon.
 */
final class PatientTiming implements Timing {
    private final Timing system = Timing.system();

    @Override
    public long nanoTime() {
        return system.nanoTime();
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        return system.schedule(delay, task);
    }

    @Override
    public InstantSource instants() {
        return system.instants();
    }

    @Override
    public Duration verdict() {
        return Duration.ofSeconds(5);
    }

    @Override
    public void close() {
        system.close();
    }
}
