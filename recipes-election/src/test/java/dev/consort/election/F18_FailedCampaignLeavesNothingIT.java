/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.deletionOf;
import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.putOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F18: a failed campaign leaves its key, a zombie candidate that wins later. */
@Execution(ExecutionMode.CONCURRENT)
class F18_FailedCampaignLeavesNothingIT {
    private static final Duration SHORT = Duration.ofMillis(100);

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

    private void noZombieAfter(Leadership leader) throws Exception {
        await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
        leader.close();
        assertThat(one.election(name).leader()).isEmpty();
        one.election(name).campaign("next", Duration.ZERO).orElseThrow().close();
    }

    @Test
    void timedOut_withdrawalRequestLost_removedAllTheSame() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CallFault lost = two.faults.loseNextRequest(deletionOf(two.key(name)));
        assertThat(two.election(name).campaign("second", SHORT)).isEmpty();
        now(lost.hit());
        noZombieAfter(leader);
    }

    @Test
    void timedOut_replyOfTheClaimLost_removedAllTheSame() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CallFault lost = two.faults.next(putOf(two.key(name))).hangReply();
        assertThat(two.election(name).campaign("second", SHORT)).isEmpty();
        now(lost.landed());
        noZombieAfter(leader);
    }

    @Test
    void timedOut_claimLandsLate_removedOrRefused() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CallFault late = two.faults.next(putOf(two.key(name))).delay(Duration.ofMillis(300));
        assertThat(two.election(name).campaign("second", SHORT)).isEmpty();
        now(late.landed());
        noZombieAfter(leader);
    }

    /** A foreign key below the name refuses the campaign for good; its own key must not stay. */
    @Test
    void refused_foreignKeyBelowTheName_nothingIsLeft() {
        one.put(name + "/foreign", "x");
        assertThatThrownBy(() -> two.election(name).campaign("second"))
                .isInstanceOf(RecipeException.class)
                .hasMessageContaining(name + "/foreign");
        await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
        one.delete(name + "/foreign");
    }

    @Test
    void sessionClosedWhileWaiting_nothingIsLeft() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CompletableFuture<Leadership> waiting = two.election(name).campaignAsync("second");
        await().until(() -> one.claims(name).size() == 2);
        two.session.close();
        assertThat(waiting).failsWithin(Duration.ofSeconds(10)).withThrowableOfType(ExecutionException.class);
        noZombieAfter(leader);
    }
}
