/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

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

/** What is a process of its own as far as etcd can tell: a client, a connection, and a session if it wants one. */
final class Party implements AutoCloseable {
    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final Client client;
    final Connection connection;
    private final Duration ttl;
    private @Nullable Session session;

    Party(List<String> endpoints, Duration ttl) {
        this(endpoints, ttl, Timing.system());
    }

    /** One whose operations may take longer; without a session. */
    static Party patient(List<String> endpoints) {
        return new Party(endpoints, Duration.ZERO, new Patience());
    }

    private Party(List<String> endpoints, Duration ttl, Timing timing) {
        this.ttl = ttl;
        client = Client.builder()
                .endpoints(endpoints.toArray(new String[0]))
                .interceptor(faults, log)
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
