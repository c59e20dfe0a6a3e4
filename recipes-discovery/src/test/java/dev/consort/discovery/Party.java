/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Timing;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;

/** What is a process of its own as far as etcd can tell: a client, a connection, and sessions if it wants them. */
final class Party implements AutoCloseable {
    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final Client client;
    final EtcdConnection connection;
    final SessionFactory sessions;

    Party(List<String> endpoints, Duration ttl, Timing timing) {
        client = Client.builder()
                .endpoints(endpoints.toArray(new String[0]))
                .interceptor(faults, log)
                .build();
        connection = EtcdConnection.of(client, timing);
        sessions = SessionFactory.of(Session.builder(connection).ttl(ttl));
    }

    <I> Registrar.Builder<I> registrar(ServiceLayout<I> layout) {
        return Registrar.builder(sessions, layout);
    }

    <I> Instancer<I> look(ServiceLayout<I> layout) {
        return Instancer.open(connection, layout);
    }

    @Override
    public void close() {
        faults.clear();
        sessions.close();
        connection.close();
        client.close();
    }
}
