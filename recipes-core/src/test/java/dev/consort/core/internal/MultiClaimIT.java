/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Claims of several queues in one transaction: what it does with ghosts, foreign clients and lost calls. */
@Execution(ExecutionMode.CONCURRENT)
class MultiClaimIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();
    private final String a = Parties.name();
    private final String b = Parties.name();

    private CompletableFuture<EtcdGrant> both(Party party) {
        return party.acquirer.acquireAsync(
                ClaimSpec.together("Test", List.of(b, a), () -> ByteString.copyFromUtf8("a test")));
    }

    private void inQueues(int ofA, int ofB) {
        soon(() -> {
            assertThat(operator.claims(a)).hasSize(ofA);
            assertThat(operator.claims(b)).hasSize(ofB);
        });
    }

    private void assertOneRevision(EtcdGrant grant) {
        for (String name : List.of(a, b)) {
            assertThat(operator.claims(name))
                    .singleElement()
                    .satisfies(claim -> assertThat(claim.getCreateRevision())
                            .isEqualTo(grant.token().revision()));
        }
    }

    @Test
    void ghosts_ofAllNames_areAdoptedTogetherOrSweptOneByOne() throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(3));
        CallFault twice = party.faults.next(Requests.acquireOf(a)).duplicateOnRelease();
        assertThat(get(both(party)).release()).isTrue();
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        EtcdGrant grant = get(both(party));
        assertOneRevision(grant);
        assertThat(grant.release()).isTrue();
        inQueues(0, 0);

        twice = party.faults.next(Requests.acquireOf(a)).duplicateOnRelease();
        assertThat(get(both(party)).release()).isTrue();
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        assertThat(party.acquire(b).release()).isTrue();
        inQueues(0, 0);
    }

    /** One of a single claim, and one of another transaction, at the same time. */
    @Test
    void ghosts_ofSeveralRevisions_areRemovedBeforeAllAreClaimed() throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(60));
        List<CallFault> twice = new ArrayList<>();
        for (String name : List.of(a, b)) {
            twice.add(party.faults.next(Requests.acquireOf(name)).duplicateOnRelease());
            assertThat(party.acquire(name).release()).isTrue();
        }
        for (CallFault fault : twice) {
            fault.release();
            assertThat(get(fault.landed()).isOk()).isTrue();
        }
        inQueues(1, 1);
        EtcdGrant grant = get(both(party));
        assertOneRevision(grant);
        assertThat(grant.release()).isTrue();
        inQueues(0, 0);
    }

    /** A name that was released lately is looked at with the next renewal: what stands there is no ghost. */
    @Test
    void sweep_ofNamesThatAreHeldAgain_takesNothing() throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(3));
        assertThat(party.acquire(b).release()).isTrue();
        EtcdGrant grant = get(both(party));
        Waits.stays(Duration.ofMillis(2200), grant::isHeld);
        assertOneRevision(grant);
        assertThat(grant.release()).isTrue();
        inQueues(0, 0);
    }

    /** Whoever has no mailbox is not told, and keeps nobody else from being told. */
    @Test
    void release_foreignClientAndOursBehind_oursIsTold() {
        Party party = parties.join();
        Party other = parties.join();
        EtcdGrant grant = get(both(party));
        long lease = operator.grant(60);
        operator.put(a + "/" + Long.toHexString(lease), "etcdctl", lease);
        inQueues(2, 1);
        CompletableFuture<EtcdGrant> next = both(other);
        inQueues(3, 2);
        assertThat(grant.release()).isTrue();
        inQueues(2, 1);
        assertThat(next).isNotDone();
        operator.revoke(lease);
        EtcdGrant theirs = get(next);
        assertOneRevision(theirs);
        theirs.close();
    }

    /** More wait for one of the names than a read brings. */
    @Test
    void release_longQueue_theFirstIsTold() {
        Party party = parties.join();
        Party other = parties.join();
        EtcdGrant grant = get(both(party));
        List<CompletableFuture<EtcdGrant>> waiting = new ArrayList<>();
        for (int i = 0; i < 66; i++) {
            EtcdSession session =
                    EtcdSession.of(Session.builder(other.connection).open());
            waiting.add(new Acquirer<>(session, each -> each).acquireAsync(Party.spec(a)));
        }
        inQueues(67, 1);
        assertThat(grant.release()).isTrue();
        CompletableFuture<Object> first = CompletableFuture.anyOf(waiting.toArray(CompletableFuture<?>[]::new));
        assertThat(get(first)).isInstanceOf(EtcdGrant.class);
    }

    @Test
    void waitsForOneAndHoldsTheOther_heldOneDeleted_isRefusedAndAllIsRemoved() {
        Party holder = parties.join();
        Party party = parties.join();
        EtcdGrant single = get(holder.acquireAsync(b));
        CompletableFuture<EtcdGrant> waiting = both(party);
        inQueues(1, 2);
        operator.delete(Operator.bytes(party.claimKey(a)));
        assertThat(Waits.failure(waiting)).isExactlyInstanceOf(RecipeException.class);
        inQueues(0, 1);
        assertThat(single.isHeld()).isTrue();
    }

    @Test
    void leaseRevokedWhileWaiting_isTheSessionsLoss() {
        Party holder = parties.join();
        Party party = parties.join();
        EtcdGrant single = get(holder.acquireAsync(b));
        CompletableFuture<EtcdGrant> waiting = both(party);
        inQueues(1, 2);
        operator.revoke(party.session.leaseId());
        assertThat(Waits.failure(waiting))
                .isInstanceOf(SessionLostException.class)
                .hasMessageContaining(LossReason.REVOKED.name());
        inQueues(0, 1);
        single.close();
    }

    /** The release is sent again beside the first attempt, which took effect. */
    @Test
    void release_answerHangs_isConfirmedByTheNextAttempt() {
        Party party = parties.join();
        Party other = parties.join();
        EtcdGrant grant = get(both(party));
        CompletableFuture<EtcdGrant> next = both(other);
        inQueues(2, 2);
        party.faults.next(CallMatcher.method("KV/Txn")).hangReply();
        assertThat(grant.release()).isTrue();
        assertThat(get(next).release()).isTrue();
        inQueues(0, 0);
    }

    @Test
    void acquire_requestLostOrLate_isMadeOnce() {
        Party party = parties.join();
        party.faults.next(Requests.acquireOf(a)).landLate(Duration.ofMillis(300));
        EtcdGrant grant = get(both(party));
        assertOneRevision(grant);
        assertThat(grant.release()).isTrue();
        party.faults.next(Requests.acquireOf(a)).loseRequest();
        grant = get(both(party));
        assertOneRevision(grant);
        assertThat(grant.release()).isTrue();
        inQueues(0, 0);
    }
}
