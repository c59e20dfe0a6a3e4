/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.outcome;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.LossReason;
import dev.consort.core.SessionState;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F02: loss is noticed after somebody else was granted already. */
@Execution(ExecutionMode.CONCURRENT)
class F02_LateLossNoticeIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    /** S1, I3: renewals stop being answered; the answers of anything else, and the revoke, are kept out of it. */
    @Test
    void expiry_isKnownToTheHolderBeforeAnybodyElseIsGranted() throws InterruptedException {
        Party holder = parties.join(settings -> settings.ttl(3));
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        List<SessionState> states = Collections.synchronizedList(new ArrayList<>());
        holder.session.onState(states::add);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        CompletableFuture<Long> lostAt =
                grant.lost().thenApply(reason -> System.nanoTime()).toCompletableFuture();
        CompletableFuture<Boolean> heldWhenGranted = new CompletableFuture<>();
        CompletableFuture<Long> grantedAt = new CompletableFuture<>();
        Completion.of(waiting, (next, failure) -> {
            heldWhenGranted.complete(grant.isHeld());
            grantedAt.complete(System.nanoTime());
        });

        var revokes =
                holder.faults.every(CallMatcher.method("Lease/LeaseRevoke")).hangRequest();
        holder.faults.every(Requests.events()).dropMessages(Direction.TO_CLIENT);
        Duration left = holder.session.remaining();
        holder.faults.every(Requests.renewals()).dropMessages(Direction.TO_SERVER);
        long cut = System.nanoTime();
        left = left.compareTo(holder.session.remaining()) > 0 ? left : holder.session.remaining();

        assertThat(get(heldWhenGranted)).isFalse();
        assertThat(get(lostAt)).isLessThan(get(grantedAt));
        assertThat(outcome(grant.lost())).isEqualTo(LossReason.EXPIRED);
        // Neither much later nor much earlier than the deadline; a renewal under way at the cut may have moved it.
        assertThat(get(lostAt) - cut)
                .isBetween(
                        left.minusMillis(20).toNanos(),
                        left.plusMillis(700).plusSeconds(1).toNanos());
        assertThat(get(waiting).token()).isGreaterThan(grant.token());
        assertThat(states).endsWith(SessionState.AT_RISK, SessionState.LOST).containsOnlyOnce(SessionState.LOST);
        assertThat(grant.guard().txn().put(name + "-data", "late").commit()).isFalse();
        assertThat(grant.release()).isFalse();
        assertThat(get(waiting).isHeld()).isTrue();
        assertThat(operator.value(name + "-data")).isEmpty();
        revokes.stop();
    }

    /** What others wait for is freed as soon as the holder knows, if etcd can be reached. */
    @Test
    void expiry_withEtcdInReach_revokesTheLease() throws InterruptedException {
        Party holder = parties.join(settings -> settings.ttl(3));
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        holder.faults.every(Requests.renewals()).dropMessages(Direction.TO_SERVER);
        assertThat(outcome(grant.lost())).isEqualTo(LossReason.EXPIRED);
        soon(() -> assertThat(operator.hasLease(holder.session.leaseId())).isFalse());
        assertThat(operator.claims(name)).isEmpty();
    }

    /** I4: the server may say that the lease lives, it is lost all the same. */
    @Test
    void renewalsAnsweredAgainAfterTheDeadline_reviveNothing() throws InterruptedException {
        Party holder = parties.join(settings -> settings.ttl(3));
        EtcdGrant grant = holder.acquire(Parties.name());
        var revokes =
                holder.faults.every(CallMatcher.method("Lease/LeaseRevoke")).hangRequest();
        var fault = holder.faults.every(Requests.renewals()).dropMessages(Direction.TO_SERVER);
        outcome(grant.lost());
        fault.stop();
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (System.nanoTime() - until < 0) {
            assertThat(grant.isHeld()).isFalse();
            assertThat(holder.session.state()).isEqualTo(SessionState.LOST);
            Waits.pass(Duration.ofMillis(20));
        }
        revokes.stop();
    }
}
