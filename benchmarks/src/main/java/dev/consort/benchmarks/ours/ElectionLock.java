/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.ours;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.core.Session;
import dev.consort.election.LeaderElection;
import dev.consort.election.Leadership;

/** A candidate of a {@link LeaderElection}, of a session with a connection of its own: leads, and resigns. */
public final class ElectionLock implements Locker {
    private final Session session;
    private final LeaderElection election;

    public ElectionLock(String endpoint, String name) {
        session = Session.connect(endpoint);
        election = LeaderElection.create(session, name);
    }

    @Override
    public void locked(Runnable critical) throws InterruptedException {
        Leadership leadership = election.campaign("candidate");
        critical.run();
        Must.hold(leadership.resign(), "the leadership was lost");
    }

    @Override
    public void close() {
        session.close();
    }
}
