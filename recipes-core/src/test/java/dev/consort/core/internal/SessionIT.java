/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.outcome;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.Connection;
import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A session's life on a healthy server. */
@Execution(ExecutionMode.CONCURRENT)
class SessionIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    private static String endpoint() {
        return SharedEtcd.server().endpoints().get(0);
    }

    private String keysOf(Session session) {
        return "consort/session/" + Long.toHexString(session.leaseId());
    }

    @Test
    void connect_opensAnActiveSessionAndClosesBoth() {
        Session session = Session.connect(endpoint());
        assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(session.ttl()).isEqualTo(Duration.ofSeconds(10));
        assertThat(session.remaining()).isBetween(Duration.ofSeconds(4), Duration.ofMillis(9500));
        assertThat(session.leaseId()).isPositive();
        assertThat(session.connection().endpoints()).containsExactly(endpoint());
        assertThat(operator.below(keysOf(session)))
                .hasSize(2)
                .allSatisfy(kv -> assertThat(kv.getLease()).isEqualTo(session.leaseId()));
        session.close();
        assertThat(operator.hasLease(session.leaseId())).isFalse();
        assertThat(operator.below(keysOf(session))).isEmpty();
        assertThatIllegalStateException()
                .isThrownBy(() -> Session.builder(session.connection()).open())
                .withMessageContainingAll(endpoint(), "is closed", "open another one");
    }

    @Test
    void close_again_returnsAtOnceAndStaysClosed() throws Exception {
        assertPrompt(Duration.ofSeconds(1), () -> {
            Party party = parties.join();
            party.session.close();
            long again = System.nanoTime();
            party.session.close();
            Duration took = since(again);
            assertThat(party.session.state()).isEqualTo(SessionState.CLOSED);
            assertThat(party.session.remaining()).isZero();
            assertThat(outcome(party.session.lost())).isEqualTo(LossReason.CLOSED);
            return took;
        });
    }

    @Test
    void close_keepsTheInterruptFlag() {
        Party party = parties.join();
        Thread.currentThread().interrupt();
        party.session.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(operator.hasLease(party.session.leaseId())).isFalse();
    }

    @Test
    void orphan_leavesTheKeysToTheirLease() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        party.session.orphan();
        assertThat(party.session.state()).isEqualTo(SessionState.CLOSED);
        assertThat(grant.isHeld()).isFalse();
        assertThat(outcome(grant.lost())).isEqualTo(LossReason.CLOSED);
        party.session.close();
        assertThat(operator.hasLease(party.session.leaseId())).isTrue();
        assertThat(operator.claims(name)).hasSize(1);
        operator.revoke(party.session.leaseId());
    }

    @Test
    void renewals_goOnForSeveralTtls() {
        Party party = parties.join(settings -> settings.ttl(2));
        List<SessionState> told = Collections.synchronizedList(new ArrayList<>());
        party.session.onState(told::add);
        Waits.pass(Duration.ofSeconds(5));
        assertThat(party.session.state()).isNotEqualTo(SessionState.LOST);
        assertThat(told).doesNotContain(SessionState.LOST);
        assertThat(operator.hasLease(party.session.leaseId())).isTrue();
    }

    @Test
    void twoSessions_ofOneConnection_areIndependent() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        EtcdSession second = EtcdSession.of(
                Session.builder(party.connection).ttl(Duration.ofSeconds(5)).open());
        CompletableFuture<EtcdGrant> waiting = new Acquirer<EtcdGrant>(second, it -> it).acquireAsync(Party.spec(name));
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        grant.close();
        EtcdGrant next = get(waiting);
        assertThat(next.token()).isGreaterThan(grant.token());
        second.close();
        assertThat(next.isHeld()).isFalse();
        assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
    }

    /** S38 */
    @Test
    void close_whileOthersWait_failsThemWithAClosedError() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        List<CompletableFuture<EtcdGrant>> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waiting.add(waiter.acquireAsync(name));
        }
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        long closing = System.nanoTime();
        waiter.session.close();
        for (CompletableFuture<EtcdGrant> acquire : waiting) {
            assertThat(failure(acquire))
                    .isInstanceOf(SessionLostException.class)
                    .hasMessageContainingAll("Test '" + name + "'", "its session is closed", "open another session");
        }
        assertThat(since(closing)).isLessThan(Duration.ofSeconds(2));
        assertThat(operator.claims(name)).hasSize(1);
        assertThat(grant.isHeld()).isTrue();
    }

    /** S38: the local part is instant, also with etcd out of reach. */
    @Test
    void close_withEtcdOutOfReach_failsWaitersBeforeItEnds() throws Exception {
        assertPrompt(Duration.ofMillis(1500), this::timeToFailWaiters); // close() itself takes the 2 s of its timeout
    }

    private Duration timeToFailWaiters() throws InterruptedException {
        Party party = parties.join(settings -> settings.requestTimeout(Duration.ofSeconds(2)));
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        CompletableFuture<EtcdGrant> waiting = party.acquireAsync(name);
        party.faults.every(CallMatcher.any()).hangRequest();
        CompletableFuture<Duration> told = new CompletableFuture<>();
        long closing = System.nanoTime();
        Completion.of(waiting, (granted, failure) -> told.complete(since(closing)));
        party.session.close();
        assertThat(since(closing)).isLessThan(Duration.ofSeconds(5));
        assertThat(failure(waiting)).isInstanceOf(SessionLostException.class);
        assertThat(grant.isHeld()).isFalse();
        return get(told);
    }

    @Test
    void acquire_closedSession_failsAtOnceAndSaysWhatToDo() {
        Party party = parties.join();
        party.session.close();
        String name = Parties.name();
        assertThatThrownBy(() -> party.acquire(name))
                .isInstanceOf(SessionLostException.class)
                .hasMessageContainingAll("Test '" + name + "'", "closed", "open another session");
        assertThatThrownBy(() -> party.acquirer.tryAcquire(Party.spec(name))).isInstanceOf(SessionLostException.class);
        assertThat(failure(party.acquireAsync(name))).isInstanceOf(SessionLostException.class);
        assertThat(operator.claims(name)).isEmpty();
    }

    @Test
    void lost_askedLate_isToldToo() {
        Party party = parties.join();
        party.session.close();
        CompletableFuture<SessionState> told = new CompletableFuture<>();
        party.session.onState(told::complete);
        assertThat(get(told)).isEqualTo(SessionState.CLOSED);
        assertThat(outcome(party.session.lost())).isEqualTo(LossReason.CLOSED);
    }

    @Test
    void lost_completedByItsUser_completesNobodyElses() {
        Party party = parties.join();
        party.session.lost().toCompletableFuture().complete(LossReason.EXPIRED);
        assertThat(party.session.lost().toCompletableFuture()).isNotDone();
        assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
    }

    /** S37 */
    @Test
    void listener_thatThrowsOrBlocks_holdsUpNeitherRenewalsNorOthers() throws Exception {
        Party party = parties.join(settings -> settings.ttl(3));
        CountDownLatch unblock = new CountDownLatch(1);
        List<SessionState> told = Collections.synchronizedList(new ArrayList<>());
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        party.session.onState(state -> {
            throw new IllegalStateException("a listener's own failure, on purpose");
        });
        for (int i = 0; i < 2; i++) {
            party.session.onState(state -> Waits.get(CompletableFuture.runAsync(() -> await(unblock))));
        }
        party.session.onState(told::add);
        try {
            var fault = party.faults
                    .every(CallMatcher.method("Lease/LeaseKeepAlive"))
                    .dropMessages(Direction.TO_SERVER);
            soon(() -> assertThat(told).contains(SessionState.AT_RISK));
            fault.stop();
            soon(() -> assertThat(told).containsExactly(SessionState.AT_RISK, SessionState.ACTIVE));
            Waits.pass(Duration.ofSeconds(3));
            assertThat(grant.isHeld()).isTrue();
            assertThat(get(party.acquireAsync(Parties.name())).isHeld()).isTrue();
        } finally {
            unblock.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void executor_shutDownByItsUser_stillCompletesFutures() throws InterruptedException {
        ExecutorService own = Executors.newSingleThreadExecutor();
        Party party = parties.join(settings -> settings.executor(own));
        EtcdGrant grant = party.acquire(Parties.name());
        own.shutdownNow();
        assertThat(get(grant.releaseAsync())).isTrue();
        party.session.close();
        assertThat(outcome(party.session.lost())).isEqualTo(LossReason.CLOSED);
    }

    @Test
    void connectionClose_closesItsSessions_andIsIdempotent() throws InterruptedException {
        Party party = parties.join();
        EtcdGrant grant = party.acquire(Parties.name());
        party.connection.close();
        party.connection.close();
        assertThat(party.session.state()).isEqualTo(SessionState.CLOSED);
        assertThat(grant.isHeld()).isFalse();
        assertThat(operator.hasLease(party.session.leaseId())).isFalse();
    }

    @Test
    void factory_opensTheNextSessionAfterALossOnly() {
        Party party = parties.join();
        SessionFactory factory = parties.closing(
                SessionFactory.of(Session.builder(party.connection).ttl(Duration.ofSeconds(5))));
        Session first = factory.session();
        assertThat(factory.session()).isSameAs(first);
        operator.revoke(first.leaseId());
        soon(() -> assertThat(first.state()).isEqualTo(SessionState.LOST));
        Session second = factory.session();
        assertThat(second).isNotSameAs(first);
        assertThat(second.state()).isEqualTo(SessionState.ACTIVE);
        factory.close();
        factory.close();
        assertThat(second.state()).isEqualTo(SessionState.CLOSED);
        assertThatIllegalStateException().isThrownBy(factory::session).withMessageContaining("create another one");
    }

    @Test
    void namespace_putsEveryKeyBelowIt() throws InterruptedException {
        String namespace = Parties.name() + "/";
        try (Connection connection =
                        Connection.to(endpoint()).namespace(namespace).open();
                Session session =
                        Session.builder(connection).sessionPrefix("own/s/").open()) {
            String name = Parties.name();
            EtcdSession engine = EtcdSession.of(session);
            try (EtcdGrant grant = new Acquirer<EtcdGrant>(engine, it -> it).acquire(Party.spec(name))) {
                assertThat(grant.guard().txn().put("written", "x").commit()).isTrue();
                assertThat(operator.value(namespace + "written")).isEqualTo("x");
                assertThat(operator.claims(namespace + name)).hasSize(1);
                assertThat(operator.below(namespace + "own/s/")).hasSize(2);
                assertThat(ClaimReader.read(engine, Party.spec(name), 0))
                        .singleElement()
                        .satisfies(claim -> assertThat(claim.key()).startsWith(name + "/"));
            }
        }
    }

    @Test
    void toString_tellsNoSecretsButWhatItIs() {
        Party party = parties.join();
        assertThat(party.session).hasToString("Session " + Long.toHexString(party.session.leaseId()) + " ACTIVE");
    }
}
