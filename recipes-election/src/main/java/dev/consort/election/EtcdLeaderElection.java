/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.internal.Acquirer;
import dev.consort.core.internal.ClaimReader;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** The election on the claim queue. Immutable. */
final class EtcdLeaderElection implements LeaderElection {
    static final String RECIPE = "LeaderElection";

    private final EtcdSession session;
    private final String name;
    private final int priority;
    private final Acquirer<Leadership> acquirer;

    EtcdLeaderElection(Session session, String name) {
        this(session, name, 0);
    }

    EtcdLeaderElection(Session session, String name, int priority) {
        this.session = EtcdSession.of(session);
        this.name = Names.checked(RECIPE, name, session);
        this.priority = checked(priority);
        this.acquirer = new Acquirer<>(this.session, grant -> new EtcdLeadership(grant, this.name));
    }

    /** Nobody distinguishes an empty proposal from none. */
    static ByteString proposal(String value) {
        Objects.requireNonNull(value, "value");
        if (value.isEmpty()) {
            throw new IllegalArgumentException("value is empty: give what others are to know of the leader");
        }
        return ByteString.copyFromUtf8(value);
    }

    /** Those of the lowest priority ask nobody, and so cost nothing: there is none below. */
    static int checked(int priority) {
        if (priority < 0) {
            throw new IllegalArgumentException("priority " + priority + " is negative");
        }
        return priority;
    }

    private ClaimSpec candidate(String value) {
        ByteString proposal = proposal(value);
        return new ClaimSpec(RECIPE, name, () -> proposal, true).withPriority(priority);
    }

    static Observation observe(Connection connection, String name, Consumer<? super Optional<Leader>> listener) {
        EtcdConnection engine = EtcdConnection.of(connection);
        return LeaderObserver.observe(
                engine, Names.checked(RECIPE, name), engine.callbacks(), Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public Observation observe(Consumer<? super Optional<Leader>> listener) {
        return LeaderObserver.observe(
                session.engine(), name, session.executor(), Objects.requireNonNull(listener, "listener"));
    }

    EtcdSession session() {
        return session;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public LeaderElection withPriority(int newPriority) {
        return new EtcdLeaderElection(session, name, newPriority);
    }

    @Override
    public Leadership campaign(String value) throws InterruptedException {
        return acquirer.acquire(candidate(value));
    }

    @Override
    public Optional<Leadership> campaign(String value, Duration timeout) throws InterruptedException {
        return acquirer.tryAcquire(candidate(value), timeout);
    }

    @Override
    public CompletableFuture<Leadership> campaignAsync(String value) {
        return acquirer.acquireAsync(candidate(value));
    }

    @Override
    public Optional<Leader> leader() {
        return read(1).stream().findFirst();
    }

    @Override
    public List<Leader> participants() {
        return read(0);
    }

    private List<Leader> read(int limit) {
        return ClaimReader.read(session, candidate("reader"), limit).stream()
                .map(claim -> new Leader(claim.value().toStringUtf8(), claim.revision(), claim.key(), claim.leaseId()))
                .toList();
    }

    @Override
    public String toString() {
        return "LeaderElection '" + name + "'";
    }
}
