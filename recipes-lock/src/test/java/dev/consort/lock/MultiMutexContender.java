/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Acquirable;
import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.lock.MutexContender.Held;
import dev.consort.testkit.stress.Contender;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** A name by turns as a single mutex, and together with others before and after it; to be stressed. Thread-safe. */
final class MultiMutexContender implements Contender {
    private final Connection connection;
    private final Session session;
    private final AtomicInteger turns = new AtomicInteger();

    private MultiMutexContender(Connection connection, Session.Builder session) {
        this.connection = connection;
        this.session = session.open();
    }

    /** Closing it closes the connection too. */
    static MultiMutexContender open(Client client, Duration ttl) {
        Connection connection = Connection.of(client);
        return open(connection, Session.builder(connection).ttl(ttl));
    }

    /** The same in virtual time. */
    static MultiMutexContender open(Client client, VirtualClock clock, Duration ttl) {
        Connection connection = EtcdConnection.of(client, new VirtualTiming(clock));
        return open(connection, Session.builder(connection).ttl(ttl).executor(clock.executor()));
    }

    private static MultiMutexContender open(Connection connection, Session.Builder session) {
        try {
            return new MultiMutexContender(connection, session);
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private Acquirable<? extends Grant> next(String name) {
        int file = name.lastIndexOf('/') + 1;
        String before = name.substring(0, file) + "0" + name.substring(file);
        String after = name + "-z";
        return switch (turns.getAndIncrement() % 4) {
            case 0 -> MultiMutex.create(session, List.of(after, name));
            case 1 -> Mutex.create(session, name);
            case 2 -> MultiMutex.create(session, List.of(name, before));
            default -> MultiMutex.create(session, List.of(after, name, before));
        };
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
        CompletableFuture<? extends Grant> grant = next(name).acquireAsync();
        return new Queued(grant.thenApply(Held::new), () -> grant.cancel(false));
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value) {
        return next(name).tryAcquire().map(Held::new);
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        return next(name).tryAcquire(timeout).map(Held::new);
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
}
