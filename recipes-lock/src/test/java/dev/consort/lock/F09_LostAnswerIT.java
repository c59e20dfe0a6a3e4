/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a claim whose answer is lost belongs to nobody, and everybody waits (S9). */
class F09_LostAnswerIT {
    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();
    private final Mutex mutex = party.mutex(name);

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    @Test
    void acquire_answerLost_adoptsItsClaim() throws InterruptedException {
        CallFault lost = party.faults.loseNextReply(Calls.acquiring(party.claim(name)));
        Grant grant = mutex.acquire();
        assertAdopted(lost, grant);
    }

    @Test
    void acquire_answerNeverComes_adoptsItsClaimAfterTheDeadlineOfTheAttempt() throws InterruptedException {
        CallFault hangs = party.faults.next(Calls.acquiring(party.claim(name))).hangReply();
        long start = System.nanoTime();
        Grant grant = mutex.acquire();
        assertThat(Etcd.since(start)).isLessThan(Duration.ofSeconds(3));
        assertAdopted(hangs, grant);
    }

    private void assertAdopted(CallFault fault, Grant grant) {
        assertThat(fault.hits()).isEqualTo(1);
        assertThat(Etcd.claims(name))
                .singleElement()
                .satisfies(claim -> assertThat(claim.getCreateRevision())
                        .isEqualTo(grant.token().revision()));
        assertThat(grant.isHeld()).isTrue();
        assertThat(there.mutex(name).tryAcquire()).isEmpty();
        assertThat(grant.release()).isTrue();
        assertThat(there.mutex(name).tryAcquire()).isPresent();
    }

    @Test
    void acquire_requestLost_isSentAgain() throws InterruptedException {
        CallFault lost = party.faults.loseNextRequest(Calls.acquiring(party.claim(name)));
        Grant grant = mutex.acquire();
        assertAdopted(lost, grant);
    }

    @Test
    void acquire_answerLostAndGivenUp_removesItsClaim() throws Exception {
        CallFault lost = party.faults.loseNextReply(Calls.acquiring(party.claim(name)));
        CompletableFuture<Grant> acquiring = mutex.acquireAsync();
        acquiring.cancel(false);
        lost.hit().get(10, TimeUnit.SECONDS);
        Etcd.awaitClaims(name, 0);
        assertThat(there.mutex(name).tryAcquire()).isPresent();
    }

    @Test
    void acquire_answerLostBehindAHolder_waitsItsTurn() throws Exception {
        Grant holder = there.mutex(name).acquire();
        CallFault lost = party.faults.loseNextReply(Calls.acquiring(party.claim(name)));
        CompletableFuture<Grant> waiting = mutex.acquireAsync();
        lost.hit().get(10, TimeUnit.SECONDS);
        Etcd.awaitClaims(name, 2);
        assertThat(waiting).isNotDone();
        holder.close();
        waiting.get(10, TimeUnit.SECONDS).close();
        assertThat(Etcd.claims(name)).isEmpty();
    }
}
