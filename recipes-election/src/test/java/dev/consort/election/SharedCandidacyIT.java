/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Acquirer;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.EtcdSession;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several candidates of one session: one place in the queue while they wait, a term of its own for each leadership. */
class SharedCandidacyIT {
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
    void campaign_sessionWaitsAlready_addsNoClaimAndNoCall() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CompletableFuture<Leadership> first = two.election(name).campaignAsync("first");
        await().until(() -> one.claims(name).size() == 2);

        CallCounts before = two.log.counts();
        List<CompletableFuture<Leadership>> more = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            more.add(two.election(name).campaignAsync("more" + i));
        }
        assertThat(one.claims(name)).hasSize(2);
        assertThat(two.log.counts().since(before).unaryCalls()).isZero();
        more.forEach(candidate -> assertThat(candidate.cancel(false)).isTrue());
        leader.close();
        now(first).close();
    }

    @Test
    void localChange_ofLeader_hasItsOwnCreateRevision() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        List<CompletableFuture<Leadership>> candidates = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            candidates.add(two.election(name).campaignAsync("c" + i));
        }
        leader.close();
        long earlier = leader.token().revision();
        for (int i = 0; i < 4; i++) {
            Leadership next = now(candidates.get(i));
            assertThat(next.token().revision()).isGreaterThan(earlier);
            assertThat(next.token().sequence()).isZero();
            assertThat(one.election(name).leader())
                    .contains(new Leader("c" + i, next.token().revision(), two.key(name), two.session.leaseId()));
            earlier = next.token().revision();
            next.close();
        }
    }

    @Test
    void localChange_anotherProcessWaits_itGoesFirst() throws Exception {
        Leadership leader = two.election(name).campaign("local0");
        CompletableFuture<Leadership> local = two.election(name).campaignAsync("local1");
        CompletableFuture<Leadership> other = one.election(name).campaignAsync("other");
        await().until(() -> one.claims(name).size() == 2);
        leader.close();

        Leadership between = now(other);
        assertThat(local).isNotDone();
        between.close();
        now(local).close();
    }

    @Test
    void winner_claimMadeByOneWhoWithdrew_hasItsOwnValueInTheKey() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CompletableFuture<Leadership> first = two.election(name).campaignAsync("first");
        await().until(() -> one.claims(name).size() == 2);
        CompletableFuture<Leadership> second = two.election(name).campaignAsync("second");
        long claim = one.claims(name).get(1).getCreateRevision();
        assertThat(first.cancel(false)).isTrue();
        leader.close();

        Leadership winner = now(second);
        assertThat(one.election(name).leader()).map(Leader::value).contains("second");
        assertThat(winner.token().revision())
                .as("the place in the queue is kept")
                .isEqualTo(claim);
        assertThat(winner.guard().txn().put("registers/" + name, "x").commit()).isTrue();
        assertThat(winner.proclaim("third")).isTrue();
        assertThat(one.election(name).leader()).map(Leader::value).contains("third");
        winner.close();
    }

    @Test
    void winner_withdrawsWhileItsValueIsWritten_nextOneLeadsWithItsOwn() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CompletableFuture<Leadership> first = two.election(name).campaignAsync("first");
        await().until(() -> one.claims(name).size() == 2);
        CompletableFuture<Leadership> second = two.election(name).campaignAsync("second");
        CompletableFuture<Leadership> third = two.election(name).campaignAsync("third");
        assertThat(first.cancel(false)).isTrue();
        var rewrite = two.faults.next(Peer.putOf(two.key(name), "second")).hold();
        leader.close();
        now(rewrite.hit());
        assertThat(second).isNotDone();
        assertThat(second.cancel(false)).isTrue();
        rewrite.release();

        Leadership winner = now(third);
        assertThat(one.election(name).leader()).map(Leader::value).contains("third");
        winner.close();
        await().untilAsserted(() -> assertThat(one.claims(name)).isEmpty());
    }

    /** The claim was made for the one who is next again, but its key is being given to the one who has withdrawn. */
    @Test
    void winner_ofAHigherPriorityWithdrawsWhileItsValueIsWritten_theOneBeforeLeadsWithItsOwn() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CompletableFuture<Leadership> first = two.election(name).campaignAsync("first");
        await().until(() -> one.claims(name).size() == 2);
        CompletableFuture<Leadership> high = two.election(name).withPriority(1).campaignAsync("high");
        var rewrite = two.faults.next(Peer.putOf(two.key(name), "high")).hold();
        leader.close();
        now(rewrite.hit());
        assertThat(high.cancel(false)).isTrue();
        rewrite.release();

        Leadership winner = now(first);
        assertThat(one.election(name).leader()).map(Leader::value).contains("first");
        winner.close();
    }

    /** A mutex of the same name is in the same queue; its guard compares what a candidate's value has moved. */
    @Test
    void mutexOfTheSameName_followsACandidateThatWithdrew_itsGuardCommits() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CompletableFuture<Leadership> first = two.election(name).campaignAsync("first");
        await().until(() -> one.claims(name).size() == 2);
        CompletableFuture<Leadership> second = two.election(name).campaignAsync("second");
        CompletableFuture<EtcdGrant> mutex = new Acquirer<>(EtcdSession.of(two.session), grant -> grant)
                .acquireAsync(new ClaimSpec("Mutex", name, () -> ByteString.copyFromUtf8("mutex"), false));
        assertThat(first.cancel(false)).isTrue();
        var rewrite = two.faults.next(Peer.putOf(two.key(name), "second")).loseReply();
        var again = two.faults.next(Peer.putOf(two.key(name), "second")).hold();
        leader.close();
        now(rewrite.hit());
        now(again.hit());
        assertThat(second.cancel(false)).isTrue();
        again.release();

        EtcdGrant held = now(mutex);
        assertThat(held.guard().txn().put("registers/" + name, "mutex").commit())
                .isTrue();
        assertThat(held.release()).isTrue();
    }

    @Test
    void cancel_allCandidates_withdrawsTheClaim() throws Exception {
        Leadership leader = one.election(name).campaign("leader");
        CompletableFuture<Leadership> first = two.election(name).campaignAsync("first");
        CompletableFuture<Leadership> second = two.election(name).campaignAsync("second");
        await().until(() -> one.claims(name).size() == 2);
        assertThat(first.cancel(false)).isTrue();
        assertThat(one.claims(name)).hasSize(2);
        assertThat(second.cancel(false)).isTrue();
        await().untilAsserted(() -> assertThat(one.claims(name)).hasSize(1));
        leader.close();
    }
}
