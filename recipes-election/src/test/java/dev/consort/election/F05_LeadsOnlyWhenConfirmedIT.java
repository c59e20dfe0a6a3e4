/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F05: a leader is told before the store has confirmed. */
@Execution(ExecutionMode.CONCURRENT)
class F05_LeadsOnlyWhenConfirmedIT {
    private final String name = Peer.newName();

    @Test
    void campaign_appliedAndNotAnswered_notElectedUntilConfirmed() {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            CallFault unanswered = one.faults.next(Peer.putOf(one.key(name))).hangReply();
            CallFault fence = one.faults
                    .every(CallMatcher.method("KV/Txn")
                            .when(
                                    TxnRequest.class,
                                    txn -> txn.getSuccessList().stream()
                                            .anyMatch(op -> op.getRequestPut()
                                                    .getKey()
                                                    .toStringUtf8()
                                                    .endsWith("/fence"))))
                    .hold();
            CompletableFuture<Leadership> campaign = one.election(name).campaignAsync("first");
            now(unanswered.landed());
            assertThat(two.election(name).leader()).isPresent();
            now(fence.hit());
            await().during(Duration.ofMillis(300)).until(() -> !campaign.isDone());
            fence.release();
            Leadership leadership = now(campaign);
            assertThat(two.claims(name)).hasSize(1);
            assertThat(two.claims(name).get(0).getCreateRevision())
                    .isEqualTo(leadership.token().revision());
        }
    }

    @Test
    void campaign_requestUnderWay_notElected() {
        try (Peer one = Peer.join()) {
            CallFault held = one.faults.next(Peer.putOf(one.key(name))).hold();
            CompletableFuture<Leadership> campaign = one.election(name).campaignAsync("first");
            now(held.hit());
            await().during(Duration.ofMillis(200)).until(() -> !campaign.isDone());
            held.release();
            assertThat(now(campaign).isHeld()).isTrue();
        }
    }
}
