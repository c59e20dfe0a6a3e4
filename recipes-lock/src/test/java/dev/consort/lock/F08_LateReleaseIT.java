/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import dev.consort.testkit.CallFault;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere an unlock that is sent again deletes what the same session has locked anew (S10). */
class F08_LateReleaseIT {
    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();
    private final Mutex mutex = party.mutex(name);

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    private void assertSecondCopyFreesNothing(CallFault twice, Grant later) throws Exception {
        twice.release();
        assertThat(twice.landed().get(10, TimeUnit.SECONDS))
                .extracting(Status::isOk)
                .isEqualTo(true);
        assertThat(Etcd.claims(name).get(0).getCreateRevision())
                .isEqualTo(later.token().revision());
        assertThat(later.isHeld()).isTrue();
        assertThat(there.mutex(name).tryAcquire()).isEmpty();
        assertThat(later.release()).isTrue();
    }

    @Test
    void release_landsAgainAfterANewAcquisition_freesNothing() throws Exception {
        Grant grant = mutex.acquire();
        CallFault twice = party.faults.next(Calls.releasing(party.claim(name))).duplicateOnRelease();
        assertThat(grant.release()).isTrue();
        assertSecondCopyFreesNothing(twice, mutex.acquire());
    }

    /** The form that tells the successor in the same transaction. */
    @Test
    void releaseWithMessage_landsAgainAfterANewAcquisition_freesAndGrantsNothing() throws Exception {
        try (Party third = Party.join()) {
            Grant first = third.mutex(name).acquire();
            CompletableFuture<Grant> second = mutex.acquireAsync();
            Etcd.awaitClaims(name, 2);
            CompletableFuture<Grant> after = there.mutex(name).acquireAsync();
            Etcd.awaitClaims(name, 3);
            first.close(); // tells of both
            Grant grant = second.get(10, TimeUnit.SECONDS);
            CallFault twice =
                    party.faults.next(Calls.releasing(party.claim(name))).duplicateOnRelease();
            assertThat(grant.release()).isTrue();
            after.get(10, TimeUnit.SECONDS).close();
            assertSecondCopyFreesNothing(twice, mutex.acquire());
        }
    }

    @Test
    void release_answerLost_isSentAgainAndFreesOnlyItsOwn() throws Exception {
        Grant grant = mutex.acquire();
        CallFault lost = party.faults.loseNextReply(Calls.releasing(party.claim(name)));
        CompletableFuture<Grant> next = there.mutex(name).acquireAsync();
        Etcd.awaitClaims(name, 2);
        assertThat(grant.release()).as("it was held until now").isTrue();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(next.get(10, TimeUnit.SECONDS).isHeld()).isTrue();
        assertThat(Etcd.claims(name)).hasSize(1);
        next.join().close();
    }
}
