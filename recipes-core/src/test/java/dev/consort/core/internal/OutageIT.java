/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.outcome;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import dev.consort.testkit.EtcdProcess;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The whole cluster is away: I10, I12, S17. Each test has a server of its own to stop. */
@Execution(ExecutionMode.CONCURRENT)
class OutageIT {
    private static final Duration SLACK = Duration.ofSeconds(3);

    @RegisterExtension
    final Parties parties = new Parties();

    private final EtcdProcess etcd = EtcdProcess.builder().unsafeNoFsync().start();
    private final Operator operator = new Operator(etcd.endpoints());

    @AfterEach
    void end() {
        operator.close();
        etcd.close();
    }

    private Party join(long ttl) {
        return parties.join(etcd.endpoints(), settings -> settings.ttl(ttl).requestTimeout(Duration.ofSeconds(1)));
    }

    /** I12, S17: shorter than the TTL. */
    @Test
    void shortOutage_isSurvivedAndWorkGoesOn() throws InterruptedException {
        Party holder = join(6);
        Party waiter = join(6);
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        etcd.member(0).pause();
        CompletableFuture<EtcdGrant> during = waiter.acquireAsync(Parties.name());
        Waits.pass(Duration.ofMillis(2200));
        assertThat(grant.isHeld()).isTrue();
        CompletableFuture<Boolean> released = grant.releaseAsync();
        etcd.member(0).resume();
        long resumed = System.nanoTime();
        assertThat(get(during).isHeld()).isTrue();
        assertThat(get(released)).isTrue();
        assertThat(get(waiting).isHeld()).isTrue();
        assertThat(since(resumed)).isLessThan(Duration.ofSeconds(2).plus(SLACK));
        assertThat(holder.session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(waiter.session.state()).isEqualTo(SessionState.ACTIVE);
    }

    /** A restart keeps leases and keys, and breaks every connection. */
    @Test
    void restart_isSurvivedAndWorkGoesOn() throws InterruptedException {
        Party holder = join(10);
        Party waiter = join(10);
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        etcd.member(0).kill();
        etcd.member(0).restart();
        long back = System.nanoTime();
        assertThat(get(grant.releaseAsync())).isTrue();
        assertThat(get(waiting).isHeld()).isTrue();
        assertThat(since(back)).isLessThan(Duration.ofSeconds(2).plus(SLACK));
    }

    /** I12, S17: longer than the TTL; the server's own count of the lease does not matter. */
    @Test
    void longOutage_losesTheSessionAtItsDeadline_andTheNextOneWorks() throws InterruptedException {
        Party party = join(2);
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        SessionFactory factory = parties.closing(
                SessionFactory.of(Session.builder(party.connection).ttl(Duration.ofSeconds(2))));
        Session first = factory.session();
        CompletableFuture<EtcdGrant> waiting =
                new Acquirer<EtcdGrant>(EtcdSession.of(first), it -> it).acquireAsync(Party.spec(name));
        etcd.member(0).pause();
        long paused = System.nanoTime();
        assertThat(outcome(grant.lost())).isEqualTo(LossReason.EXPIRED);
        assertThat(since(paused)).isLessThan(Duration.ofSeconds(2).plus(SLACK));
        assertThat(failure(waiting)).isInstanceOf(SessionLostException.class);
        assertThat(grant.isHeld()).isFalse();
        etcd.member(0).resume();
        long resumed = System.nanoTime();
        Session second = factory.session();
        EtcdGrant next = get(new Acquirer<EtcdGrant>(EtcdSession.of(second), it -> it).acquireAsync(Party.spec(name)));
        assertThat(since(resumed)).isLessThan(Duration.ofSeconds(4).plus(SLACK));
        assertThat(next.token()).isGreaterThan(grant.token());
        soon(() -> assertThat(operator.hasLease(party.session.leaseId())).isFalse());
        assertThat(operator.claims(name)).hasSize(1);
    }

    /** I10 */
    @Test
    void close_withTheServerSilent_isBounded() throws InterruptedException {
        closeWithout(() -> etcd.member(0).pause());
    }

    /** I10 */
    @Test
    void close_withTheServerDead_isBounded() throws InterruptedException {
        closeWithout(() -> etcd.member(0).kill());
    }

    private void closeWithout(Runnable end) throws InterruptedException {
        Party party = join(10);
        EtcdGrant grant = party.acquire(Parties.name());
        EtcdGrant other = party.acquire(Parties.name());
        end.run();
        long closing = System.nanoTime();
        grant.close();
        assertThat(since(closing)).isLessThan(Duration.ofSeconds(1).plus(SLACK));
        assertThat(grant.isHeld()).isFalse();
        closing = System.nanoTime();
        party.session.close();
        assertThat(since(closing)).isLessThan(Duration.ofSeconds(1).plus(SLACK));
        assertThat(other.isHeld()).isFalse();
        assertThat(party.session.state()).isEqualTo(SessionState.CLOSED);
        closing = System.nanoTime();
        party.connection.close();
        party.connection.close();
        other.close();
        assertThat(since(closing)).isLessThan(Duration.ofSeconds(1).plus(SLACK));
    }
}
