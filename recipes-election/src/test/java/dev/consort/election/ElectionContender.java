/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.Connection;
import dev.consort.core.FencingToken;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.testkit.history.Ownership;
import dev.consort.testkit.stress.Contender;
import dev.consort.testkit.stress.Tenure;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The election, to be stressed. Thread-safe. */
final class ElectionContender implements Contender {
    /** How many were passed on, by whatever contenders. */
    static final LongAdder passedOn = new LongAdder();

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
        LeaderElection election = LeaderElection.create(session, name).withPriority(Math.floorMod(value.hashCode(), 3));
        CompletableFuture<Leadership> leadership = election.campaignAsync(value);
        return new Queued(
                leadership.thenApply(
                        elected -> new Led(elected, value, election, session.leaseId(), new AtomicReference<>())),
                () -> leadership.cancel(false));
    }

    @Override
    public Optional<Led> tryAcquire(String name, String value) throws InterruptedException {
        return tryAcquire(name, value, Duration.ZERO);
    }

    @Override
    public Optional<Led> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        LeaderElection election = LeaderElection.create(session, name);
        return election.campaign(value, timeout)
                .map(elected -> new Led(elected, value, election, session.leaseId(), new AtomicReference<>()));
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
    record Led(
            Leadership leadership,
            String value,
            LeaderElection election,
            long lease,
            AtomicReference<@Nullable CompletableFuture<Boolean>> given)
            implements Tenure {
        private static final Duration STEP_BACK = Duration.ofMillis(30);

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

        /** Every other one is passed on to the last one who waits, if that can be; given back again it waits for that. */
        @Override
        public CompletableFuture<Boolean> releaseAsync() {
            if (leadership.token().revision() % 2 == 0) {
                return leadership.releaseAsync();
            }
            CompletableFuture<Boolean> mine = new CompletableFuture<>();
            CompletableFuture<Boolean> earlier = given.compareAndExchange(null, mine);
            if (earlier != null) {
                return earlier.handle((passed, failure) -> false);
            }
            var unused = lastToWait()
                    .map(last -> leadership
                            .transferAsync(last, STEP_BACK)
                            .exceptionally(refused -> false)
                            .thenCompose(this::orRelease))
                    .orElseGet(leadership::releaseAsync)
                    .whenComplete((released, failure) -> {
                        if (failure == null) {
                            mine.complete(released);
                        } else {
                            mine.completeExceptionally(failure);
                        }
                    });
            return mine;
        }

        private CompletableFuture<Boolean> orRelease(boolean passed) {
            if (passed) {
                passedOn.increment();
                return CompletableFuture.completedFuture(true);
            }
            return leadership.releaseAsync();
        }

        private Optional<LeaderElection.Leader> lastToWait() {
            try {
                List<LeaderElection.Leader> all = election.participants();
                return all.stream()
                        .skip(Math.max(1, all.size() - 1L))
                        .filter(last -> last.leaseId() != lease)
                        .findFirst();
            } catch (RecipeException unavailable) {
                return Optional.empty();
            }
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
