/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.Connection;
import dev.consort.core.FencingToken;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.testkit.history.Ownership;
import dev.consort.testkit.stress.Contender;
import dev.consort.testkit.stress.Tenure;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The election, to be stressed. Thread-safe. */
final class ElectionContender implements Contender {
    private final Connection connection;
    private final Session session;

    private ElectionContender(Connection connection, Session.Builder session) {
        this.connection = connection;
        this.session = session.open();
    }

    /** Closing it closes the connection too. */
    static ElectionContender open(Client client, Duration ttl) {
        Connection connection = Connection.of(client);
        return open(connection, Session.builder(connection).ttl(ttl));
    }

    /** The same in virtual time. */
    static ElectionContender open(Client client, VirtualClock clock, Duration ttl) {
        Connection connection = EtcdConnection.of(client, new VirtualTiming(clock));
        return open(connection, Session.builder(connection).ttl(ttl).executor(clock.executor()));
    }

    private static ElectionContender open(Connection connection, Session.Builder session) {
        try {
            return new ElectionContender(connection, session);
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public long leaseId() {
        return session.leaseId();
    }

    @Override
    public boolean isAlive() {
        return !session.state().isFinal();
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        CompletableFuture<Leadership> leadership =
                LeaderElection.create(session, name).campaignAsync(value);
        return new Queued(leadership.thenApply(elected -> new Led(elected, value)), () -> leadership.cancel(false));
    }

    @Override
    public Optional<Led> tryAcquire(String name, String value) throws InterruptedException {
        return tryAcquire(name, value, Duration.ZERO);
    }

    @Override
    public Optional<Led> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        return LeaderElection.create(session, name).campaign(value, timeout).map(elected -> new Led(elected, value));
    }

    @Override
    public Ownership.Seen seen(String name) {
        return LeaderElection.create(session, name)
                .leader()
                .map(leader -> new Ownership.Seen(new FencingToken(leader.term(), 0).toLong(), leader.value()))
                .orElse(new Ownership.Seen(0, ""));
    }

    @Override
    public void orphan() {
        session.orphan();
    }

    @Override
    public void close() {
        session.close();
        connection.close();
    }

    /** Leading. */
    record Led(Leadership leadership, String value) implements Tenure {
        @Override
        public long token() {
            return leadership.token().toLong();
        }

        @Override
        public boolean isHeld() {
            return leadership.isHeld();
        }

        @Override
        public CompletionStage<String> lost() {
            return leadership.lost().thenApply(Enum::name);
        }

        @Override
        public CompletableFuture<Boolean> releaseAsync() {
            return leadership.releaseAsync();
        }

        @Override
        public CompletableFuture<Boolean> writeAsync(String key, String newValue) {
            return leadership.guard().txn().put(key, newValue).commitAsync();
        }

        @Override
        public CompletableFuture<Boolean> proclaimAsync(String newValue) {
            return leadership.proclaimAsync(newValue);
        }
    }
}
