/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Timing;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A process that takes items: a client, a connection, and a session, opened at first use. */
final class Peer implements AutoCloseable {
    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final TakeTally tally = new TakeTally();
    final Client client;
    final Connection connection;
    private final Duration ttl;
    private @Nullable Session session;

    Peer(List<String> endpoints, Duration ttl) {
        this(endpoints, ttl, new OffsetTiming(Duration.ZERO));
    }

    /** With a clock of its own. */
    Peer(List<String> endpoints, Duration ttl, Timing timing) {
        this.ttl = ttl;
        client = Client.builder()
                .endpoints(endpoints.toArray(new String[0]))
                .interceptor(faults, log, tally)
                .build();
        connection = EtcdConnection.of(client, timing);
    }

    /** Opened at first use. */
    Session session() {
        Session open = session;
        if (open == null) {
            open = Session.builder(connection).ttl(ttl).open();
            session = open;
        }
        return open;
    }

    @Override
    public void close() {
        faults.clear();
        connection.close();
        client.close();
    }
}
