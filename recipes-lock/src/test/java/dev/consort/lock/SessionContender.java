/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.testkit.stress.Contender;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** A session with a connection of its own, for a recipe to be stressed. Closing it closes the connection too. */
abstract class SessionContender implements Contender {
    private final Connection connection;
    final Session session;

    SessionContender(Client client, Duration ttl) {
        this(Connection.of(client), settings -> settings.ttl(ttl));
    }

    /** In virtual time. */
    SessionContender(Client client, VirtualClock clock, Duration ttl) {
        this(
                EtcdConnection.of(client, new VirtualTiming(clock)),
                settings -> settings.ttl(ttl).executor(clock.executor()));
    }

    private SessionContender(Connection connection, UnaryOperator<Session.Builder> settings) {
        this.connection = connection;
        try {
            this.session = settings.apply(Session.builder(connection)).open();
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public final long leaseId() {
        return session.leaseId();
    }

    @Override
    public final boolean isAlive() {
        return !session.state().isFinal();
    }

    @Override
    public final void orphan() {
        session.orphan();
    }

    @Override
    public final void close() {
        session.close();
        connection.close();
    }
}
