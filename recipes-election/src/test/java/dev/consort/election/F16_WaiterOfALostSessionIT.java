/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.since;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.SessionLostException;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F16: a candidate whose session is lost waits until everybody before it has left. */
@Execution(ExecutionMode.CONCURRENT)
class F16_WaiterOfALostSessionIT {
    private static void assertFails(CompletableFuture<Leadership> campaign) {
        assertThat(campaign)
                .failsWithin(Duration.ofSeconds(20))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(SessionLostException.class);
    }

    @Test
    void leaseRevoked_candidate_failsWhileTheLeaderStillLeads() throws Exception {
        assertPrompt(Duration.ofMillis(1500), () -> timeUntilRevocationFails(Peer.newName()));
    }

    private static Duration timeUntilRevocationFails(String name) throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join();
                Leadership leadership = one.election(name).campaign("first")) {
            CompletableFuture<Leadership> campaign = two.election(name).campaignAsync("second");
            await().until(() -> one.claims(name).size() == 2);
            one.revoke(two.session.leaseId());
            long revoked = System.nanoTime();
            assertFails(campaign);
            Duration took = since(revoked);
            assertThat(leadership.isHeld()).isTrue();
            return took;
        }
    }

    @Test
    void networkGone_candidate_failsAtItsDeadline() throws Exception {
        assertPrompt(Duration.ofSeconds(4), () -> timeUntilDeadline(Peer.newName()));
    }

    private static Duration timeUntilDeadline(String name) throws Exception {
        try (FaultProxy proxy = FaultProxy.to(Peer.etcd().endpoints().get(0));
                Peer one = Peer.join();
                Peer two = Peer.through(proxy.endpoint(), Duration.ofSeconds(2));
                Leadership leadership = one.election(name).campaign("first")) {
            CompletableFuture<Leadership> campaign = two.election(name).campaignAsync("second");
            await().until(() -> one.claims(name).size() == 2);
            proxy.stopForwarding();
            long stopped = System.nanoTime();
            assertFails(campaign);
            Duration took = since(stopped);
            assertThat(leadership.isHeld()).isTrue();
            proxy.resumeForwarding();
            await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
            return took;
        }
    }
}
