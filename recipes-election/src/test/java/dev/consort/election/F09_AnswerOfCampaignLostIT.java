/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.putOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F09, F41: the campaign commits and its answer is lost, or it lands when nobody waits for it any more. */
@Execution(ExecutionMode.CONCURRENT)
class F09_AnswerOfCampaignLostIT {
    private final String name = Peer.newName();
    private Peer one;
    private Peer two;

    @BeforeEach
    void join() {
        one = Peer.join();
        two = Peer.join();
    }

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    @Test
    void replyLost_claimIsAdopted() throws Exception {
        CallFault lost = one.faults.loseNextReply(putOf(one.key(name)));
        try (Leadership leadership = one.election(name).campaign("first")) {
            now(lost.hit());
            assertThat(two.claims(name)).hasSize(1);
            assertThat(two.election(name).leader())
                    .map(Leader::term)
                    .contains(leadership.token().revision());
        }
        assertThat(two.claims(name)).isEmpty();
    }

    @Test
    void requestLost_claimIsMadeAgain() throws Exception {
        CallFault lost = one.faults.loseNextRequest(putOf(one.key(name)));
        try (Leadership leadership = one.election(name).campaign("first")) {
            now(lost.hit());
            assertThat(leadership.isHeld()).isTrue();
            assertThat(two.claims(name)).hasSize(1);
        }
    }

    @Test
    void replyLost_whileAnotherLeads_waitsWithThatClaim() throws Exception {
        Leadership leader = two.election(name).campaign("leader");
        CallFault lost = one.faults.loseNextReply(putOf(one.key(name)));
        CompletableFuture<Leadership> campaign = one.election(name).campaignAsync("first");
        now(lost.landed());
        await().during(Duration.ofMillis(200)).until(() -> !campaign.isDone());
        assertThat(two.claims(name)).hasSize(2);
        long claim = two.claims(name).get(1).getCreateRevision();
        leader.close();
        assertThat(now(campaign).token().revision()).isEqualTo(claim);
    }

    /** The first attempt lands after the second was elected: the fence has killed it. */
    @Test
    void requestLate_afterTheRetryWasElected_changesNothing() throws Exception {
        CallFault late = one.faults.next(putOf(one.key(name))).hold();
        Leadership leadership = one.election(name).campaign("first");
        now(late.hit());
        late.release();
        now(late.landed());
        assertThat(leadership.isHeld()).isTrue();
        assertThat(two.claims(name)).hasSize(1);
        assertThat(leadership.resign()).isTrue();
        assertThat(two.claims(name)).isEmpty();
    }

    /** Where nothing else is in its way any more. */
    @Test
    void requestLate_afterTheRetryHasResigned_leavesNoClaim() throws Exception {
        CallFault late = one.faults.next(putOf(one.key(name))).hold();
        one.election(name).campaign("first").close();
        now(late.hit());
        late.release();
        now(late.landed());
        assertThat(two.claims(name)).isEmpty();
    }

    @Test
    void requestLate_afterTheCampaignWasCancelled_leavesNoClaim() {
        CallFault late = one.faults.next(putOf(one.key(name))).hold();
        CompletableFuture<Leadership> campaign = one.election(name).campaignAsync("first");
        now(late.hit());
        assertThat(campaign.cancel(false)).isTrue();
        // The fence is moved when the attempt's deadline has passed; only then the attempt lands.
        String fence = "consort/session/" + Long.toHexString(one.session.leaseId()) + "/fence";
        long before = fenceRevision(fence);
        await().until(() -> fenceRevision(fence) > before);
        late.release();
        now(late.landed());
        assertThat(two.claims(name)).isEmpty();
        assertThat(two.election(name).leader()).isEmpty();
    }

    private long fenceRevision(String fence) {
        return now(two.client.getKVClient().get(Peer.bytes(fence)))
                .getKvs()
                .get(0)
                .getModRevision();
    }

    @Test
    void replyLost_afterTheCampaignWasCancelled_claimIsRemoved() {
        CallFault lost = one.faults.next(putOf(one.key(name))).hangReply();
        CompletableFuture<Leadership> campaign = one.election(name).campaignAsync("first");
        now(lost.landed());
        assertThat(two.claims(name)).hasSize(1);
        assertThat(campaign.cancel(false)).isTrue();
        await().untilAsserted(() -> assertThat(two.claims(name)).isEmpty());
    }
}
