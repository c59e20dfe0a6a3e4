/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.SessionState;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A claim that is put again after its release holds no permit for longer than until the next renewal. */
class F41_PermitGhostIT {
    private final Party party = Party.join(Duration.ofSeconds(3));

    @AfterEach
    void leave() {
        party.close();
    }

    @Test
    void acquire_appliedAgainAfterTheRelease_isTakenAway() throws InterruptedException {
        String name = Etcd.freshName();
        DistributedSemaphore semaphore = DistributedSemaphore.create(party.session, name, 2);
        CallFault twice = party.faults.next(CallMatcher.method("KV/Txn")).duplicateOnRelease();
        Permit permit = semaphore.acquire(2);
        permit.close();
        twice.release();
        Etcd.awaitClaims(name, 2); // the limit, and the ghost
        assertThat(semaphore.availablePermits()).isZero();
        await().untilAsserted(() -> assertThat(Etcd.claims(name)).hasSize(1));
        assertThat(semaphore.availablePermits()).isEqualTo(2);
        assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
    }
}
