/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.ClaimSpec.Mode;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.testkit.stress.Contender;
import dev.consort.testkit.stress.Tenure;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Readers and writers, and those who become the other, to be stressed. Thread-safe. */
final class ReadWriteContender implements Contender {
    private final Connection connection;
    private final Session session;

    private ReadWriteContender(Connection connection, Session.Builder session) {
        this.connection = connection;
        this.session = session.open();
    }

    /** In virtual time. Closing it closes the connection too. */
    static ReadWriteContender open(Client client, VirtualClock clock, Duration ttl) {
        Connection connection = EtcdConnection.of(client, new VirtualTiming(clock));
        return open(connection, Session.builder(connection).ttl(ttl).executor(clock.executor()));
    }

    private static ReadWriteContender open(Connection connection, Session.Builder session) {
        try {
            return new ReadWriteContender(connection, session);
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

    /** What a client wants, by the number that its value ends with. */
    private enum Wish {
        READ,
        WRITE,
        READ_AGAIN,
        READ_AFTER_WRITING,
        WRITE_AFTER_READING;

        static Wish of(String value) {
            int number = Integer.parseInt(value.replaceAll("\\D", ""));
            return values()[number % values().length];
        }

        ReadOrWrite first() {
            return this == WRITE || this == READ_AFTER_WRITING ? ReadOrWrite.WRITE : ReadOrWrite.READ;
        }

        /** As what it begins, or with a mode, as what it goes on. */
        Optional<Mode> then() {
            return switch (this) {
                case READ, WRITE, READ_AGAIN -> Optional.empty();
                case READ_AFTER_WRITING -> Optional.of(Mode.READ);
                case WRITE_AFTER_READING -> Optional.of(Mode.WRITE);
            };
        }
    }

    @Override
    public List<String> claims(String name) {
        String lease = Long.toHexString(leaseId());
        return List.of(name + "/read:" + lease, name + "/write:" + lease);
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        Wish wish = Wish.of(value);
        CompletableFuture<Grant> grant =
                wish.first().of(ReadWriteLock.create(session, name)).acquireAsync();
        return new Queued(grant.thenCompose(first -> exchange(first, name, wish)), () -> grant.cancel(false));
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value) {
        Wish wish = Wish.of(value);
        return wish.first()
                .of(ReadWriteLock.create(session, name))
                .tryAcquire()
                .map(grant -> new Held(grant, wish.first() == ReadOrWrite.READ));
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        Wish wish = Wish.of(value);
        return wish.first()
                .of(ReadWriteLock.create(session, name))
                .tryAcquire(timeout)
                .map(grant -> new Held(grant, wish.first() == ReadOrWrite.READ));
    }

    /** The other grant, or the same if that is not to be had; if nobody can say so, none. */
    private static CompletableFuture<Held> exchange(Grant grant, String name, Wish wish) {
        boolean reads = wish.first() == ReadOrWrite.READ;
        if (wish.then().isEmpty()) {
            return CompletableFuture.completedFuture(new Held(grant, reads));
        }
        Mode mode = wish.then().get();
        ClaimSpec spec = new ClaimSpec("ReadWriteLock", name, () -> ByteString.EMPTY, false, mode);
        CompletableFuture<Held> held = new CompletableFuture<>();
        var unused = ((EtcdGrant) grant).exchangeAsync(spec).whenComplete((other, failure) -> {
            if (failure == null) {
                held.complete(other.map(now -> new Held(now, !reads)).orElseGet(() -> new Held(grant, reads)));
            } else {
                var unusedToo = grant.releaseAsync().whenComplete((was, late) -> held.completeExceptionally(failure));
            }
        });
        return held;
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

    /** Reading or writing. */
    record Held(Grant grant, boolean isShared) implements Tenure {
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
