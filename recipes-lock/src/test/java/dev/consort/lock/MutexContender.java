/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.testkit.stress.Contender;
import dev.consort.testkit.stress.Tenure;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The mutex, to be stressed. Thread-safe. */
final class MutexContender implements Contender {
    private final Connection connection;
    private final Session session;

    private MutexContender(Connection connection, Session.Builder session) {
        this.connection = connection;
        this.session = session.open();
    }

    /** Closing it closes the connection too. */
    static MutexContender open(Client client, Duration ttl) {
        Connection connection = Connection.of(client);
        return open(connection, Session.builder(connection).ttl(ttl));
    }

    /** The same in virtual time. */
    static MutexContender open(Client client, VirtualClock clock, Duration ttl) {
        Connection connection = EtcdConnection.of(client, new VirtualTiming(clock));
        return open(connection, Session.builder(connection).ttl(ttl).executor(clock.executor()));
    }

    private static MutexContender open(Connection connection, Session.Builder session) {
        try {
            return new MutexContender(connection, session);
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
        CompletableFuture<Grant> grant = Mutex.create(session, name).acquireAsync();
        return new Queued(grant.thenApply(Held::new), () -> grant.cancel(false));
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value) {
        return Mutex.create(session, name).tryAcquire().map(Held::new);
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        return Mutex.create(session, name).tryAcquire(timeout).map(Held::new);
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

    /** Holding the mutex. */
    record Held(Grant grant) implements Tenure {
        @Override
        public long token() {
            return grant.token().toLong();
        }

        @Override
        public boolean isHeld() {
            return grant.isHeld();
        }

        @Override
        public CompletionStage<String> lost() {
            return grant.lost().thenApply(Enum::name);
        }

        @Override
        public CompletableFuture<Boolean> releaseAsync() {
            return grant.releaseAsync();
        }

        @Override
        public CompletableFuture<Boolean> writeAsync(String key, String value) {
            return grant.guard().txn().put(key, value).commitAsync();
        }
    }
}
