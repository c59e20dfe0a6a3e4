/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F09, S9: the acquire is applied, its answer is lost: the key stays, nobody owns it, everyone waits. */
@Execution(ExecutionMode.CONCURRENT)
class F09_LostAcquireReplyIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    @Test
    void acquire_replyLost_adoptsTheClaim() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        CallFault lost = party.faults.loseNextReply(Requests.acquireOf(name));
        EtcdGrant grant = party.acquire(name);
        assertThat(lost.hits()).isEqualTo(1);
        assertOnlyClaim(name, grant);
    }

    /** S7: the call hangs, as when the leader dies; the attempt's deadline is near 1 s. */
    @Test
    void acquire_replyHanging_adoptsTheClaimAfterTheAttemptsDeadline() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        party.faults.next(Requests.acquireOf(name)).hangReply();
        long asked = System.nanoTime();
        EtcdGrant grant = party.acquire(name);
        assertThat(since(asked)).isBetween(Duration.ofMillis(900), Duration.ofSeconds(8));
        assertOnlyClaim(name, grant);
    }

    @Test
    void acquire_requestLost_isSentAgain() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        CallFault lost = party.faults.next(3, Requests.acquireOf(name)).loseRequest();
        EtcdGrant grant = party.acquire(name);
        assertThat(lost.hits()).isEqualTo(3);
        assertOnlyClaim(name, grant);
    }

    @Test
    void acquire_replyLostWhileOthersHold_keepsItsPlaceInTheQueue() throws InterruptedException {
        Party holder = parties.join();
        Party unlucky = parties.join();
        Party later = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        unlucky.faults.loseNextReply(Requests.acquireOf(name));
        CompletableFuture<EtcdGrant> second = unlucky.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        long place = operator.claims(name).get(1).getCreateRevision();
        CompletableFuture<EtcdGrant> third = later.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(3));
        grant.close();
        assertThat(get(second).token().revision()).isEqualTo(place);
        assertThat(third).isNotDone();
        get(second).close();
        get(third).close();
        assertThat(operator.claims(name)).isEmpty();
    }

    /** The one who asked is gone by the time that the claim is found. */
    @Test
    void acquire_replyLostAndGivenUp_leavesNoClaim() {
        Party party = parties.join();
        Party other = parties.join();
        String name = Parties.name();
        CallFault lost = party.faults.next(Requests.acquireOf(name)).hangReply();
        CompletableFuture<EtcdGrant> acquire = party.acquireAsync(name);
        get(lost.landed());
        assertThat(operator.claims(name)).hasSize(1);
        assertThat(acquire.cancel(false)).isTrue();
        long asked = System.nanoTime();
        EtcdGrant next = get(other.acquireAsync(name));
        assertThat(since(asked)).isLessThan(Duration.ofSeconds(8));
        assertOnlyClaim(name, next);
    }

    @Test
    void tryAcquire_replyLost_getsWhatIsFree() {
        Party party = parties.join();
        String name = Parties.name();
        party.faults.loseNextReply(Requests.acquireOf(name));
        Optional<EtcdGrant> grant = party.acquirer.tryAcquire(Party.spec(name));
        assertThat(grant).isPresent();
        assertOnlyClaim(name, grant.get());
    }

    /** S8: applied twice before it is answered. */
    @Test
    void acquire_requestDuplicated_isOneClaim() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        CallFault twice = party.faults.duplicateNext(Requests.acquireOf(name));
        EtcdGrant grant = party.acquire(name);
        assertThat(get(twice.landed()).isOk()).isTrue();
        assertOnlyClaim(name, grant);
        assertThat(grant.release()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
    }

    private void assertOnlyClaim(String name, EtcdGrant grant) {
        assertThat(grant.isHeld()).isTrue();
        assertThat(operator.claims(name))
                .singleElement()
                .satisfies(claim -> assertThat(claim.getCreateRevision())
                        .isEqualTo(grant.token().revision()));
        assertThat(grant.guard().txn().put(name + "-data", "x").commit()).isTrue();
    }
}
