/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static dev.consort.testkit.Times.LATE;
import static dev.consort.testkit.Times.bestOfThree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.FaultProxy;
import dev.consort.testkit.Times;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a waiter whose session is gone waits until everybody before it has left. Also S38. */
class F16_WaiterIsToldIT {
    private static final Duration AT_ONCE = Duration.ofMillis(250);

    private final Party holder = Party.join();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        holder.close();
    }

    private static void assertFails(CompletableFuture<Grant> waiting, LossReason reason) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                .havingCause()
                .isInstanceOfSatisfying(
                        SessionLostException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    @Test
    void lease_revoked_failsAllWaitersAtOnce() {
        try (Grant grant = holder.mutex(name).tryAcquire().orElseThrow()) {
            Duration usual = Etcd.usualTimeOf(5, () -> {
                Party party = Party.join();
                List<CompletableFuture<Grant>> waiting = List.of(
                        party.mutex(name).acquireAsync(),
                        party.mutex(name).acquireAsync(),
                        party.mutex(name + "-other").acquireAsync());
                waiting.get(2).join().close();
                Etcd.awaitClaims(name, 2);
                long revoked = System.nanoTime();
                Etcd.revoke(party.session.leaseId());
                assertFails(waiting.get(0), LossReason.REVOKED);
                assertFails(waiting.get(1), LossReason.REVOKED);
                Duration took = Etcd.since(revoked);
                party.close();
                return took;
            });
            assertThat(usual).isLessThan(AT_ONCE);
            assertThat(grant.isHeld()).isTrue();
        }
    }

    @Test
    void lease_runsOut_failsItsWaitersBeforeTheServerFreesTheirPlace() throws Exception {
        bestOfThree(times -> failWhenItRunsOut(Etcd.freshName(), times));
    }

    private void failWhenItRunsOut(String name, Times times) throws Exception {
        Duration ttl = Duration.ofSeconds(2);
        try (FaultProxy proxy = FaultProxy.to(Etcd.process.endpoints().get(0));
                Party cut = Party.join(List.of(proxy.endpoint()), ttl);
                Grant grant = holder.mutex(name).acquire()) {
            CompletableFuture<Grant> waiting = cut.mutex(name).acquireAsync();
            Etcd.awaitClaims(name, 2);
            proxy.stopForwarding();
            times.atMost(ttl.plus(LATE), () -> assertFails(waiting, LossReason.EXPIRED));
            assertThat(grant.isHeld()).isTrue();
        }
    }

    @Test
    void session_closedWhileOthersWait_failsThemAtOnceAndLeavesNoKey() {
        try (Grant grant = holder.mutex(name).tryAcquire().orElseThrow();
                OtherThread thread = new OtherThread()) {
            Duration usual = Etcd.usualTimeOf(5, () -> {
                Party party = Party.join();
                CompletableFuture<Grant> waiting = party.mutex(name).acquireAsync();
                var blocked = thread.start(() -> assertThatExceptionOfType(SessionLostException.class)
                        .isThrownBy(party.mutex(name)::acquire)
                        .withMessageContaining("closed"));
                Etcd.awaitClaims(name, 2);
                thread.awaitWaiting();
                long closed = System.nanoTime();
                party.session.close();
                assertFails(waiting, LossReason.CLOSED);
                OtherThread.result(blocked);
                Duration took = Etcd.since(closed);
                assertThat(Etcd.claims(name)).hasSize(1);
                party.close();
                return took;
            });
            assertThat(usual).isLessThan(AT_ONCE);
            assertThat(grant.isHeld()).isTrue();
        }
    }
}
