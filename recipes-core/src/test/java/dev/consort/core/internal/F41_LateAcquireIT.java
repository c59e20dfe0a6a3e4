/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F41, S11: an acquire that was given up lands after the clean-up, and blocks everyone while the session lives. */
@Execution(ExecutionMode.CONCURRENT)
class F41_LateAcquireIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    @Test
    void acquire_cancelledAndLandingLate_isFencedOff() {
        Party party = parties.join();
        String name = Parties.name();
        CallFault late = party.faults.next(Requests.acquireOf(name)).hold();
        CallFault fence = party.faults.next(Requests.fences()).duplicate(); // to know when the clean-up has come
        CompletableFuture<EtcdGrant> acquire = party.acquireAsync(name);
        get(late.hit());
        acquire.cancel(true);
        get(fence.landed());
        late.release();
        assertThat(get(late.landed()).isOk()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
        assertFree(name);
    }

    @Test
    void acquire_timedOutAndLandingLate_isFencedOff() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        CallFault late = party.faults.next(Requests.acquireOf(name)).hold();
        CallFault fence = party.faults.next(Requests.fences()).duplicate();
        assertThat(party.acquirer.tryAcquire(Party.spec(name), Duration.ofMillis(300)))
                .isEmpty();
        get(fence.landed());
        late.release();
        assertThat(get(late.landed()).isOk()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
        assertFree(name);
    }

    /** The first attempt lands after a second one was granted and released. */
    @Test
    void attempt_landingAfterItsRepetitionWasReleased_isFencedOff() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        CallFault late = party.faults.next(Requests.acquireOf(name)).hold();
        EtcdGrant grant = party.acquire(name);
        assertThat(grant.release()).isTrue();
        late.release();
        assertThat(get(late.landed()).isOk()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
        assertFree(name);
    }

    /** Each acquire of a session is under the fence, not only that of the name that was in trouble. */
    @Test
    void fence_movedByOneName_doesNotDisturbAnother() throws InterruptedException {
        Party party = parties.join();
        String troubled = Parties.name();
        EtcdGrant other = party.acquire(Parties.name());
        party.faults.next(2, Requests.acquireOf(troubled)).loseReply();
        assertThat(party.acquire(troubled).isHeld()).isTrue();
        assertThat(other.isHeld()).isTrue();
        assertThat(party.acquire(Parties.name()).isHeld()).isTrue();
        assertThat(other.release()).isTrue();
    }

    /** An acquire is cancelled while its request is on the way, which arrives in time. */
    @Test
    void acquire_cancelledOnTheWay_leavesNoClaim() {
        Party party = parties.join();
        String name = Parties.name();
        CallFault slow = party.faults.next(Requests.acquireOf(name)).hold();
        CompletableFuture<EtcdGrant> acquire = party.acquireAsync(name);
        get(slow.hit());
        acquire.cancel(true);
        slow.release();
        assertThat(get(slow.landed()).isOk()).isTrue();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
        assertFree(name);
    }

    private void assertFree(String name) {
        long asked = System.nanoTime();
        assertThat(get(parties.join().acquireAsync(name)).isHeld()).isTrue();
        assertThat(since(asked)).isLessThan(Duration.ofSeconds(8));
        assertThat(operator.claims(name)).hasSize(1);
    }
}
