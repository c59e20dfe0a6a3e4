/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.testkit.CallFault;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere an acquire that timed out lands after the clean-up, and blocks everybody as long as its session lives (S11). */
class F41_GhostIT {
    private static final Duration TTL = Duration.ofSeconds(2);

    private final Party party = Party.join(TTL);
    private final Party there = Party.join();
    private final String name = Etcd.freshName();
    private final Mutex mutex = party.mutex(name);

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    private void assertNoGhost() throws InterruptedException {
        assertThat(Etcd.claims(name)).isEmpty();
        try (Grant grant = there.mutex(name).acquire()) {
            assertThat(Etcd.claims(name)).hasSize(1);
            assertThat(grant.isHeld()).isTrue();
        }
    }

    private long modifiedOfTheFence() {
        String fence = "consort/session/" + Long.toHexString(party.session.leaseId()) + "/fence";
        return Etcd.get(Etcd.bytes(fence), GetOption.DEFAULT).getKvs().get(0).getModRevision();
    }

    @Test
    void acquire_givenUpAndLandingLate_isRefused() throws Exception {
        CallFault late = party.faults.next(Calls.acquiring(party.claim(name))).hold();
        assertThat(mutex.tryAcquire(Duration.ofMillis(100))).isEmpty();
        // The client gives the request up after a second, and moves the fence.
        long fenced = modifiedOfTheFence();
        await().until(() -> modifiedOfTheFence() > fenced);
        late.release();
        assertThat(late.landed().get(10, TimeUnit.SECONDS).isOk()).isTrue();
        assertNoGhost();
    }

    /** The second attempt holds by then; the first one must neither come beside it nor outlive it. */
    @Test
    void acquire_landingAfterItsRepetition_isRefused() throws Exception {
        CallFault late = party.faults.next(Calls.acquiring(party.claim(name))).hold();
        Grant grant = mutex.acquire();
        assertThat(late.hits()).isEqualTo(1);
        assertThat(grant.release()).isTrue();
        late.release();
        assertThat(late.landed().get(10, TimeUnit.SECONDS).isOk()).isTrue();
        assertNoGhost();
    }

    @Test
    void acquire_cancelledAndLandingBeforeTheFence_isRemoved() throws Exception {
        CallFault late = party.faults.next(Calls.acquiring(party.claim(name))).delay(Duration.ofMillis(300));
        CompletableFuture<Grant> acquiring = mutex.acquireAsync();
        acquiring.cancel(false);
        assertThat(late.landed().get(10, TimeUnit.SECONDS).isOk()).isTrue();
        Etcd.awaitClaims(name, 0);
        assertNoGhost();
    }

    /** A network that sends a request twice: nobody knows of the second claim, and it is found all the same. */
    @Test
    void acquire_appliedAgainAfterItsRelease_isFoundAndRemoved() throws Exception {
        CallFault again = party.faults.next(Calls.acquiring(party.claim(name))).duplicateOnRelease();
        assertThat(mutex.acquire().release()).isTrue();
        again.release();
        assertThat(again.landed().get(10, TimeUnit.SECONDS).isOk()).isTrue();
        CompletableFuture<Grant> next = there.mutex(name).acquireAsync();
        next.get(10, TimeUnit.SECONDS).close();
        assertThat(party.session.remaining()).isPositive();
        assertThat(Etcd.claims(name)).isEmpty();
    }
}
