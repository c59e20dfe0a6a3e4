/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.SessionState;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** S7 and S16: one of three members is killed, paused, or silently out of reach; two go on. */
@Execution(ExecutionMode.CONCURRENT)
class ClusterIT {
    private static final int SESSIONS = 3;
    private static final long TTL = 5;

    /** Longer than a session can live without a renewal. */
    private static final Duration OUTAGE = Duration.ofMillis(5500);

    private static final List<FaultProxy> PROXIES = new ArrayList<>();
    private static EtcdProcess etcd = Missing.value();
    private static Operator operator = Missing.value();

    @RegisterExtension
    final Parties parties = new Parties();

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().members(3).unsafeNoFsync().start();
        etcd.endpoints().forEach(endpoint -> PROXIES.add(FaultProxy.to(endpoint)));
        operator = new Operator(etcd.endpoints());
    }

    @AfterAll
    static void end() {
        operator.close();
        PROXIES.forEach(FaultProxy::close);
        etcd.close();
    }

    private static int follower() {
        return (etcd.leader() + 1) % 3;
    }

    /** The connections stay open and nothing comes back. */
    @Test
    void leaderOutOfReach_losesNoSession() throws InterruptedException {
        FaultProxy proxy = PROXIES.get(etcd.leader());
        surviving(proxy::stopForwarding, proxy::resumeForwarding);
    }

    /** A follower: a leader that was paused revokes leases when it resumes, whatever the clients do. */
    @Test
    void memberPaused_losesNoSession() throws InterruptedException {
        int member = follower();
        surviving(() -> etcd.member(member).pause(), () -> etcd.member(member).resume());
    }

    @Test
    void leaderKilled_losesNoSession() throws InterruptedException {
        int member = etcd.leader();
        surviving(() -> etcd.member(member).kill(), () -> etcd.member(member).restart());
    }

    private void surviving(Runnable fault, Runnable heal) throws InterruptedException {
        List<Party> sessions = new ArrayList<>();
        List<EtcdGrant> held = new ArrayList<>();
        String shared = Parties.name();
        for (int i = 0; i < SESSIONS; i++) {
            sessions.add(
                    parties.join(PROXIES.stream().map(FaultProxy::endpoint).toList(), settings -> settings.ttl(TTL)));
            held.add(sessions.get(i).acquire(Parties.name()));
        }
        EtcdGrant grant = sessions.get(0).acquire(shared);
        List<CompletableFuture<Boolean>> passedOn = sessions.stream()
                .skip(1)
                .map(party -> party.acquireAsync(shared).thenCompose(EtcdGrant::releaseAsync))
                .toList();
        soon(() -> assertThat(operator.claims(shared)).hasSize(SESSIONS));

        fault.run();
        long struck = System.nanoTime();
        // New work, begun right into the fault: an attempt's deadline and an election later it is done.
        List<CompletableFuture<EtcdGrant>> fresh = sessions.stream()
                .map(party -> party.acquireAsync(Parties.name()))
                .toList();
        for (CompletableFuture<EtcdGrant> acquire : fresh) {
            assertThat(get(acquire).isHeld()).isTrue();
        }
        Duration acquired = since(struck);
        get(grant.releaseAsync());
        passedOn.forEach(released -> assertThat(get(released)).isTrue());
        Duration handedOver = since(struck);
        while (since(struck).compareTo(OUTAGE) < 0) {
            assertThat(sessions)
                    .allSatisfy(
                            party -> assertThat(party.session.state()).isIn(SessionState.ACTIVE, SessionState.AT_RISK));
            Waits.pass(Duration.ofMillis(50));
        }
        heal.run();

        assertThat(held).allSatisfy(kept -> assertThat(kept.isHeld()).isTrue());
        assertThat(acquired).isLessThan(Duration.ofSeconds(8));
        assertThat(handedOver).isLessThan(Duration.ofSeconds(12));
        soon(() -> assertThat(sessions)
                .allSatisfy(party -> assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE)));
        held.forEach(kept -> assertThat(get(kept.releaseAsync())).isTrue());
        soon(() -> assertThat(operator.claims(shared)).isEmpty());
    }
}
