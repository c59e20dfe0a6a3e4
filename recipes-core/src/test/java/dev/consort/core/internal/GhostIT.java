/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Ghosts: a claim of a session that nobody in it knows, left by a put that is applied again after the release. */
@Execution(ExecutionMode.CONCURRENT)
class GhostIT {
    /** A third of the TTL of 3 s, with the time that a busy machine takes. */
    private static final Duration SWEPT = Duration.ofSeconds(7);

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    private CallFault haunt(Party party, String name) throws InterruptedException {
        CallFault twice = party.faults.next(Requests.acquireOf(name)).duplicateOnRelease();
        assertThat(party.acquire(name).release()).isTrue();
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        return twice;
    }

    @Test
    void ghost_nobodyWaits_isRemovedAtTheNextRenewal() throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(3));
        String name = Parties.name();
        haunt(party, name);
        within(SWEPT, () -> assertThat(operator.claims(name)).isEmpty());
    }

    @Test
    void ghost_doesNotBlockAnotherSessionForLong() throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(3));
        Party other = parties.join();
        String name = Parties.name();
        haunt(party, name);
        CompletableFuture<EtcdGrant> waiting = other.acquireAsync(name);
        within(SWEPT, () -> assertThat(waiting).isCompleted());
        assertThat(get(waiting).isHeld()).isTrue();
    }

    /** The session wants the name again: what stands there is its own place, and is used. */
    @Test
    void ghost_ofANameThatIsWantedAgain_isAdopted() throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(3));
        String name = Parties.name();
        haunt(party, name);
        EtcdGrant grant = party.acquire(name);
        assertThat(operator.claims(name))
                .singleElement()
                .satisfies(claim -> assertThat(claim.getCreateRevision())
                        .isEqualTo(grant.token().revision()));
        Waits.pass(Duration.ofSeconds(2)); // a sweep takes no claim that is in use
        assertThat(grant.isHeld()).isTrue();
        assertThat(operator.claims(name)).hasSize(1);
        assertThat(grant.release()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
    }

    /** It became the head of the queue, and is told so: whoever is told of a claim that is nobody's removes it. */
    @Test
    void ghost_thatIsToldOfItsGrant_passesTheBatonOn() throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(60));
        Party holder = parties.join();
        Party last = parties.join();
        String name = Parties.name();
        CallFault twice = party.faults.next(Requests.acquireOf(name)).duplicateOnRelease();
        assertThat(party.acquire(name).release()).isTrue();
        EtcdGrant grant = holder.acquire(name);
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        assertThat(operator.claims(name)).hasSize(2);
        CompletableFuture<EtcdGrant> waiting = last.acquireAsync(name);
        Waits.soon(() -> assertThat(operator.claims(name)).hasSize(3));
        grant.close();
        within(SWEPT, () -> assertThat(waiting).isCompleted()); // long before the renewal at 20 s
        assertThat(operator.claims(name)).hasSize(1);
    }

    /** A second copy that arrives after the sweep's fence cannot land any more. */
    @Test
    void copy_arrivingAfterTheSweep_isFencedOff() throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(9));
        String name = Parties.name();
        CallFault twice = party.faults.next(Requests.acquireOf(name)).duplicateOnRelease();
        CallFault sweep = party.faults.next(Requests.fences()).duplicate();
        assertThat(party.acquire(name).release()).isTrue();
        get(sweep.landed());
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
    }
}
