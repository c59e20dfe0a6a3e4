/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.EtcdServer;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;

/** What is a process of its own as far as etcd can tell: a client, a connection and a session. */
final class Party implements AutoCloseable {
    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final Sent sent = new Sent();
    final Client client;
    final Connection connection;
    final Session session;

    private Party(List<String> endpoints, Duration ttl) {
        client = Client.builder()
                .endpoints(endpoints.toArray(new String[0]))
                .interceptor(faults, log, sent)
                .build();
        connection = Connection.of(client);
        session = Session.builder(connection).ttl(ttl).open();
    }

    static Party join() {
        return join(Duration.ofSeconds(10));
    }

    static Party join(EtcdServer etcd) {
        return join(etcd.endpoints(), Duration.ofSeconds(10));
    }

    static Party join(Duration ttl) {
        return join(Etcd.process.endpoints(), ttl);
    }

    static Party join(List<String> endpoints, Duration ttl) {
        return new Party(endpoints, ttl);
    }

    Mutex mutex(String name) {
        return Mutex.create(session, name);
    }

    /** The key of this party's claim on a name. */
    String claim(String name) {
        return name + "/" + Long.toHexString(session.leaseId());
    }

    @Override
    public void close() {
        faults.clear();
        connection.close();
        client.close();
    }
}
