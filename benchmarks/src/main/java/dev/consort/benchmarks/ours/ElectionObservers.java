/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.ours;

import dev.consort.benchmarks.ObserverContender.Listener;
import dev.consort.core.Connection;
import dev.consort.election.LeaderElection;

/** Observers by {@link LeaderElection#observe(Connection, String, java.util.function.Consumer)} on one connection. */
public final class ElectionObservers {
    private ElectionObservers() {}

    public static AutoCloseable open(String endpoint, String name, int count, Listener listener) {
        Connection connection = Connection.to(endpoint).open();
        for (int i = 0; i < count; i++) {
            int observer = i;
            var unused = LeaderElection.observe(
                    connection, name, leader -> leader.ifPresent(now -> listener.leads(observer, now.value())));
        }
        return connection;
    }
}
