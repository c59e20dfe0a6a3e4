/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.outcome;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.LossReason;
import dev.consort.core.SessionState;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** F01: after the lease or the claim is gone the holder still believes that it owns the lock. */
class F01_SilentLossIT {
    private static final Duration NOTICED = Duration.ofMillis(250);
    private static final Duration RELEASED = Duration.ofSeconds(1);
    private static final int TRIALS = 5;

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    /** S5 */
    @Test
    void revokedLease_isNoticedByTheHolder() throws InterruptedException {
        List<Duration> noticed = new ArrayList<>();
        List<Duration> released = new ArrayList<>();
        for (int i = 0; i < TRIALS; i++) {
            Party party = parties.join();
            String name = Parties.name();
            EtcdGrant grant = party.acquire(name);
            CompletableFuture<Long> told = toldAt(grant);
            SharedEtcd.server().etcdctl("lease", "revoke", Long.toHexString(party.session.leaseId()));
            long revoked = System.nanoTime();
            noticed.add(Duration.ofNanos(get(told) - revoked));
            assertThat(outcome(grant.lost())).isEqualTo(LossReason.REVOKED);
            released.add(assertLost(grant));
            assertThat(party.session.state()).isEqualTo(SessionState.LOST);
            assertThat(outcome(party.session.lost())).isEqualTo(LossReason.REVOKED);
        }
        assertNoticed(noticed);
        assertThat(median(released)).isLessThan(RELEASED);
    }

    /** With no claim in etcd that could be seen to go, the session's own key tells. */
    @Test
    void revokedLease_isNoticedByASessionThatHoldsNothing() {
        List<Duration> noticed = new ArrayList<>();
        for (int i = 0; i < TRIALS; i++) {
            Party party = parties.join();
            CompletableFuture<Long> told =
                    party.session.lost().thenApply(reason -> System.nanoTime()).toCompletableFuture();
            operator.revoke(party.session.leaseId());
            long revoked = System.nanoTime();
            noticed.add(Duration.ofNanos(get(told) - revoked));
            assertThat(outcome(party.session.lost())).isEqualTo(LossReason.REVOKED);
            assertThat(party.session.remaining()).isZero();
        }
        assertNoticed(noticed);
    }

    /** S4: the session lives on, and so do its other grants. */
    @Test
    void deletedClaim_losesThatGrantAlone() throws InterruptedException {
        List<Duration> noticed = new ArrayList<>();
        List<Duration> released = new ArrayList<>();
        Party party = parties.join();
        EtcdGrant other = party.acquire(Parties.name());
        for (int i = 0; i < TRIALS; i++) {
            String name = Parties.name();
            EtcdGrant grant = party.acquire(name);
            CompletableFuture<Long> told = toldAt(grant);
            operator.delete(Operator.bytes(party.claimKey(name)));
            long deleted = System.nanoTime();
            noticed.add(Duration.ofNanos(get(told) - deleted));
            assertThat(outcome(grant.lost())).isEqualTo(LossReason.CLAIM_REMOVED);
            released.add(assertLost(grant));
            EtcdGrant again = get(party.acquireAsync(name));
            assertThat(again.token()).isGreaterThan(grant.token());
            assertThat(grant.isHeld()).isFalse();
        }
        assertNoticed(noticed);
        assertThat(median(released)).isLessThan(RELEASED);
        assertThat(other.isHeld()).isTrue();
        assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
    }

    /** S6: an overwrite keeps the create revision, and strips the lease. What is not ours is not deleted. */
    @Test
    void overwrittenClaim_losesTheGrantAndStays() throws Exception {
        assertPrompt(RELEASED, this::timeToReleaseWhatIsOverwritten);
    }

    private Duration timeToReleaseWhatIsOverwritten() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        operator.put(party.claimKey(name), "somebody else's");
        assertThat(outcome(grant.lost())).isEqualTo(LossReason.CLAIM_REMOVED);
        Duration released = assertLost(grant);
        assertThat(operator.value(party.claimKey(name))).isEqualTo("somebody else's");
        operator.delete(Operator.bytes(party.claimKey(name)));
        return released;
    }

    /** The guard asks etcd, so that it knows before any watch does. */
    @Test
    void guardedWrite_afterTheClaimWasRemoved_isRefusedAndTellsTheHolder() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        party.faults.every(Requests.events()).dropMessages(Direction.TO_CLIENT);
        operator.delete(Operator.bytes(party.claimKey(name)));
        assertThat(grant.guard().txn().put(name + "-data", "x").commit()).isFalse();
        assertThat(operator.value(name + "-data")).isEmpty();
        assertThat(outcome(grant.lost())).isEqualTo(LossReason.CLAIM_REMOVED);
    }

    /** Listeners are told once each, also those that come late. */
    @Test
    void loss_isToldOnce() throws InterruptedException {
        Party party = parties.join();
        EtcdGrant grant = party.acquire(Parties.name());
        List<SessionState> states = Collections.synchronizedList(new ArrayList<>());
        List<LossReason> reasons = Collections.synchronizedList(new ArrayList<>());
        party.session.onState(states::add);
        CompletableFuture<Void> early = grant.lost().thenAccept(reasons::add).toCompletableFuture();
        operator.revoke(party.session.leaseId());
        get(early);
        get(grant.lost().thenAccept(reasons::add).toCompletableFuture());
        CompletableFuture<SessionState> late = new CompletableFuture<>();
        party.session.onState(late::complete);
        assertThat(get(late)).isEqualTo(SessionState.LOST);
        party.session.close();
        Waits.soon(() -> assertThat(states).containsExactly(SessionState.LOST));
        assertThat(reasons).containsExactly(LossReason.REVOKED, LossReason.REVOKED);
        assertThat(party.session.state()).isEqualTo(SessionState.LOST);
    }

    private static CompletableFuture<Long> toldAt(EtcdGrant grant) {
        return grant.lost().thenApply(reason -> System.nanoTime()).toCompletableFuture();
    }

    /** Returns what it takes to release it. */
    private static Duration assertLost(EtcdGrant grant) {
        assertThat(grant.isHeld()).isFalse();
        assertThat(grant.remaining()).isZero();
        assertThat(grant.guard().txn().put("never", "written").commit()).isFalse();
        long releasing = System.nanoTime();
        assertThat(grant.release()).isFalse();
        Duration released = since(releasing);
        grant.close();
        assertThat(SharedEtcd.operator().value("never")).isEmpty();
        return released;
    }

    /** The best is what the engine can do; one that polls would not come near it in most trials either. */
    private static void assertNoticed(List<Duration> after) {
        assertThat(Collections.min(after)).isLessThan(NOTICED);
        assertThat(median(after)).isLessThan(NOTICED.multipliedBy(4));
    }

    private static Duration median(List<Duration> times) {
        return times.stream().sorted().toList().get(times.size() / 2);
    }
}
