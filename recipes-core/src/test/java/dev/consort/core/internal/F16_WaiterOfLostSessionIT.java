/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F16: a waiter whose session is lost waits until all before it have left. */
@Execution(ExecutionMode.CONCURRENT)
class F16_WaiterOfLostSessionIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    private CompletableFuture<EtcdGrant> behindAHolder(Party waiter, String name) throws InterruptedException {
        parties.join().acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        return waiting;
    }

    @Test
    void revokedLease_failsTheWaiterAtOnce() throws InterruptedException {
        Party waiter = parties.join();
        String name = Parties.name();
        CompletableFuture<EtcdGrant> waiting = behindAHolder(waiter, name);
        long revoked = System.nanoTime();
        operator.revoke(waiter.session.leaseId());
        assertThat(failure(waiting))
                .isInstanceOfSatisfying(
                        SessionLostException.class, e -> assertThat(e.reason()).isEqualTo(LossReason.REVOKED))
                .hasMessageContainingAll("Test '" + name + "'", "its session was lost", "open another session");
        assertThat(since(revoked)).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void expiredLease_failsTheWaiterAtTheDeadline() throws InterruptedException {
        Party waiter = parties.join(settings -> settings.ttl(4));
        CompletableFuture<EtcdGrant> waiting = behindAHolder(waiter, Parties.name());
        waiter.faults.every(Requests.renewals()).dropMessages(Direction.TO_SERVER);
        waiter.faults.every(Requests.events()).dropMessages(Direction.TO_CLIENT);
        waiter.faults.every(CallMatcher.method("Lease/LeaseRevoke")).hangRequest();
        assertThat(failure(waiting)).isInstanceOf(SessionLostException.class).hasMessageContaining("EXPIRED");
    }

    @Test
    void acquireInALostSession_failsAtOnceAndLeavesNothing() {
        Party party = parties.join();
        operator.revoke(party.session.leaseId());
        soon(() -> assertThat(party.session.state()).isEqualTo(SessionState.LOST));
        String name = Parties.name();
        assertThatThrownBy(() -> party.acquire(name)).isInstanceOf(SessionLostException.class);
        assertThat(operator.claims(name)).isEmpty();
    }

    /** Not yet told: the acquire itself learns it from etcd. */
    @Test
    void acquireWithALeaseThatIsGone_losesTheSession() {
        Party party = parties.join();
        party.faults.every(Requests.events()).dropMessages(Direction.TO_CLIENT);
        operator.revoke(party.session.leaseId());
        assertThatThrownBy(() -> party.acquire(Parties.name())).isInstanceOf(SessionLostException.class);
        assertThat(party.session.state()).isEqualTo(SessionState.LOST);
    }

    /** S4 for a waiter: its place in the queue is gone, the session lives. */
    @Test
    void deletedClaim_failsTheWaiterAlone() throws InterruptedException {
        Party waiter = parties.join();
        String name = Parties.name();
        CompletableFuture<EtcdGrant> waiting = behindAHolder(waiter, name);
        long deleted = System.nanoTime();
        operator.delete(Operator.bytes(waiter.claimKey(name)));
        assertThat(failure(waiting))
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll(waiter.claimKey(name), "acquire again");
        assertThat(since(deleted)).isLessThan(Duration.ofSeconds(2));
        assertThat(waiter.session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(get(waiter.acquireAsync(Parties.name())).isHeld()).isTrue();
    }
}
