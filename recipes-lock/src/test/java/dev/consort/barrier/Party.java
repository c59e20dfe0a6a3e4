/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;

/** What is a process of its own as far as etcd can tell: a client, a connection and a session. */
final class Party implements AutoCloseable {
    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final Client client;
    final Connection connection;
    final Session session;

    private Party(List<String> endpoints, Duration ttl) {
        client = Client.builder()
                .endpoints(endpoints.toArray(new String[0]))
                .interceptor(faults, log)
                .build();
        connection = Connection.of(client);
        session = Session.builder(connection).ttl(ttl).open();
    }

    static Party join(List<String> endpoints) {
        return join(endpoints, Duration.ofSeconds(10));
    }

    static Party join(List<String> endpoints, Duration ttl) {
        return new Party(endpoints, ttl);
    }

    DistributedCyclicBarrier cyclic(String name, int parties) {
        return DistributedCyclicBarrier.create(session, name, parties);
    }

    DoubleBarrier doubled(String name, int members) {
        return DoubleBarrier.create(session, name, members);
    }

    DistributedLatch latch(String name, int count) {
        return DistributedLatch.create(connection, name, count);
    }

    Barrier barrier(String name) {
        return Barrier.create(session, name);
    }

    /** Until nothing that it has asked is open: by then those who wait have seen what there is. */
    void awaitAnswers() {
        await().during(Duration.ofMillis(20))
                .until(() -> log.counts().watchesOpen() > 0 && log.counts().unaryCallsOpen() == 0);
    }

    /** From now on its watches are silent. */
    CallFault loseSightOfChanges() {
        return faults.every(CallMatcher.method("Watch/Watch")).dropMessages(Direction.TO_CLIENT);
    }

    @Override
    public void close() {
        faults.clear();
        connection.close();
        client.close();
    }
}
