/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.since;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.LossReason;
import dev.consort.core.SessionState;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F01: the lease is gone and the leader goes on. */
@Execution(ExecutionMode.CONCURRENT)
class F01_LeaderIsToldOfLossIT {
    private final String name = Peer.newName();

    @Test
    void leaseRevoked_leader_isToldAndRefusedEverything() throws Exception {
        assertPrompt(Duration.ofMillis(1500), () -> timeUntilToldOfRevocation(Peer.newName()));
    }

    private static Duration timeUntilToldOfRevocation(String name) throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            Leadership leadership = one.election(name).campaign("first");
            CompletableFuture<Leadership> local = one.election(name).campaignAsync("local");
            CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
            two.revoke(one.session.leaseId());
            long revoked = System.nanoTime();

            assertThat(now(lost)).isEqualTo(LossReason.REVOKED);
            Duration took = since(revoked);
            assertThat(leadership.isHeld()).isFalse();
            assertThat(leadership.remaining()).isZero();
            assertThat(leadership.resign()).isFalse();
            assertThat(leadership.proclaim("late")).isFalse();
            assertThat(leadership.guard().txn().put("registers/" + name, "late").commit())
                    .isFalse();
            assertThat(local).failsWithin(Duration.ofSeconds(10)).withThrowableOfType(ExecutionException.class);
            assertThat(one.session.state()).isEqualTo(SessionState.LOST);
            try (Leadership next =
                    two.election(name).campaign("next", Duration.ZERO).orElseThrow()) {
                assertThat(next.token()).isGreaterThan(leadership.token());
                assertThat(leadership.isHeld()).isFalse();
            }
            return took;
        }
    }

    /** I3: by its own clock, before the server lets anybody else lead. */
    @Test
    void networkGone_leader_isToldBeforeAnotherLeads() throws Exception {
        try (FaultProxy proxy = FaultProxy.to(Peer.etcd().endpoints().get(0));
                Peer one = Peer.through(proxy.endpoint(), Duration.ofSeconds(2));
                Peer two = Peer.join()) {
            Leadership leadership = one.election(name).campaign("first");
            CompletableFuture<LossReason> lost = leadership.lost().toCompletableFuture();
            AtomicLong lostAt = new AtomicLong();
            CompletableFuture<Void> noted = lost.thenRun(() -> lostAt.set(System.nanoTime()));
            CompletableFuture<Leadership> waiting = two.election(name).campaignAsync("second");
            AtomicLong ledAt = new AtomicLong();
            CompletableFuture<Void> led = waiting.thenRun(() -> ledAt.set(System.nanoTime()));
            await().until(() -> two.claims(name).size() == 2);
            proxy.stopForwarding();

            now(led);
            assertThat(leadership.isHeld()).isFalse();
            now(noted);
            assertThat(lost.join()).isEqualTo(LossReason.EXPIRED);
            assertThat(lostAt.get()).isLessThan(ledAt.get());
            assertThat(leadership.proclaim("late")).isFalse();
            proxy.resumeForwarding();
            now(waiting).close();
        }
    }
}
