/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.core.SessionLostException;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F16: a candidate whose session is lost waits until everybody before it has left. */
@Execution(ExecutionMode.CONCURRENT)
class F16_WaiterOfALostSessionIT {
    private final String name = Peer.newName();

    @Test
    void leaseRevoked_candidate_failsWhileTheLeaderStillLeads() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join();
                Leadership leadership = one.election(name).campaign("first")) {
            CompletableFuture<Leadership> campaign = two.election(name).campaignAsync("second");
            await().until(() -> one.claims(name).size() == 2);
            one.revoke(two.session.leaseId());
            assertThat(campaign)
                    .failsWithin(Duration.ofSeconds(4))
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(SessionLostException.class);
            assertThat(leadership.isHeld()).isTrue();
        }
    }

    @Test
    void networkGone_candidate_failsAtItsDeadline() throws Exception {
        try (FaultProxy proxy = FaultProxy.to(Peer.etcd().endpoints().get(0));
                Peer one = Peer.join();
                Peer two = Peer.through(proxy.endpoint(), Duration.ofSeconds(2));
                Leadership leadership = one.election(name).campaign("first")) {
            CompletableFuture<Leadership> campaign = two.election(name).campaignAsync("second");
            await().until(() -> one.claims(name).size() == 2);
            proxy.stopForwarding();
            assertThatThrownBy(() -> campaign.get(6, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(SessionLostException.class);
            assertThat(leadership.isHeld()).isTrue();
            proxy.resumeForwarding();
            await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
        }
    }
}
