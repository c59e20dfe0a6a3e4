/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.ours;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.core.Session;
import dev.consort.lock.DistributedSemaphore;
import dev.consort.lock.Permit;

/** One permit of a {@link DistributedSemaphore}, of a session with a connection of its own. */
public final class SemaphoreLock implements Locker {
    private final Session session;
    private final DistributedSemaphore semaphore;

    public SemaphoreLock(String endpoint, String name, int permits) {
        session = Session.connect(endpoint);
        semaphore = DistributedSemaphore.create(session, name, permits);
    }

    @Override
    public void locked(Runnable critical) throws InterruptedException {
        Permit permit = semaphore.acquire();
        critical.run();
        Must.hold(permit.release(), "the permit was lost");
    }

    @Override
    public void close() {
        session.close();
    }
}
