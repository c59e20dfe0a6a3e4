/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.testkit.stress.Contender;
import dev.consort.testkit.stress.Tenure;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A semaphore of one permit, to be stressed. Thread-safe. */
final class SemaphoreContender implements Contender {
    private final Connection connection;
    private final Session session;

    private SemaphoreContender(Connection connection, Session.Builder session) {
        this.connection = connection;
        this.session = session.open();
    }

    /** In virtual time. Closing it closes the connection too. */
    static SemaphoreContender open(Client client, VirtualClock clock, Duration ttl) {
        Connection connection = EtcdConnection.of(client, new VirtualTiming(clock));
        return open(connection, Session.builder(connection).ttl(ttl).executor(clock.executor()));
    }

    private static SemaphoreContender open(Connection connection, Session.Builder session) {
        try {
            return new SemaphoreContender(connection, session);
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
    public List<String> claims(String name) {
        String claim = name + "/permits:" + Long.toHexString(leaseId());
        return List.of(claim + ":0:1", claim + ":1:1");
    }

    /** With one permit it is a mutex. */
    private DistributedSemaphore semaphore(String name) {
        return DistributedSemaphore.create(session, name, 1);
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        CompletableFuture<Permit> permit;
        try {
            permit = semaphore(name).acquireAsync();
        } catch (RecipeException e) {
            permit = CompletableFuture.failedFuture(e);
        }
        CompletableFuture<Permit> wanted = permit;
        return new Queued(wanted.thenApply(Held::new), () -> wanted.cancel(false));
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value) {
        return semaphore(name).tryAcquire().map(Held::new);
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        return semaphore(name).tryAcquire(timeout).map(Held::new);
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

    /** Holding the permit. */
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
