/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.Direction;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Elsewhere a reader or a writer whose own key has vanished is told that it holds the lock when the one before it leaves
 * (F07), one whose session is lost waits on (F16), and one whose watch ends passes (F20). Here each is told, or waits.
 */
class F07_PhantomReaderIT {
    private final Party holder = Party.join();
    private final Party waiter = Party.join();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        waiter.close();
        holder.close();
    }

    private Grant hold(ReadOrWrite waits) {
        return waits.opposite().of(holder, name).tryAcquire().orElseThrow();
    }

    private CompletableFuture<Grant> waitBehind(ReadOrWrite waits) {
        CompletableFuture<Grant> waiting = waits.of(waiter, name).acquireAsync();
        await().untilAsserted(() -> assertThat(waiter.sent.watchesOf(name)).isEqualTo(2));
        return waiting;
    }

    @ParameterizedTest
    @EnumSource
    void ownClaim_deletedUnseen_isNotGrantedWhenTheHolderLeaves(ReadOrWrite waits) throws Exception {
        Grant grant = hold(waits);
        CompletableFuture<Grant> waiting = waitBehind(waits);
        String claim = waits.claim(waiter, name);
        CallFault unseen = waiter.faults.every(Calls.toldOfDeletion(claim)).dropMessages(Direction.TO_CLIENT);
        Etcd.delete(Etcd.bytes(claim));
        unseen.hit().get(10, TimeUnit.SECONDS);
        assertThat(waiting).isNotDone();
        grant.close();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                .havingCause()
                .isExactlyInstanceOf(RecipeException.class)
                .withMessageContaining(claim);
        assertThat(Etcd.claims(name)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void lease_revoked_failsItsWaiterAtOnce(ReadOrWrite waits) {
        try (Grant grant = hold(waits)) {
            CompletableFuture<Grant> waiting = waits.of(waiter, name).acquireAsync();
            Etcd.awaitClaims(name, 2);
            Etcd.revoke(waiter.session.leaseId());
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                    .havingCause()
                    .isInstanceOfSatisfying(
                            SessionLostException.class,
                            lost -> assertThat(lost.reason()).isEqualTo(LossReason.REVOKED));
            assertThat(grant.isHeld()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void session_closed_failsItsWaiterAndLeavesNoKey(ReadOrWrite waits) {
        try (Grant grant = hold(waits)) {
            CompletableFuture<Grant> waiting = waits.of(waiter, name).acquireAsync();
            Etcd.awaitClaims(name, 2);
            waiter.session.close();
            assertThat(waiting).failsWithin(10, TimeUnit.SECONDS).withThrowableOfType(ExecutionException.class);
            assertThat(Etcd.claims(name)).hasSize(1);
            assertThat(grant.isHeld()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void watchStream_thatBreaks_grantsNothing(ReadOrWrite waits) throws Exception {
        Grant grant = hold(waits);
        CompletableFuture<Grant> waiting = waitBehind(waits);
        for (int i = 0; i < 5; i++) {
            long created = waiter.log.counts().watchCreates();
            assertThat(waiter.faults.breakStreams("Watch/Watch")).isEqualTo(1);
            await().until(() -> waiter.log.counts().watchCreates() >= created + 3);
        }
        assertThat(waiting).isNotDone();
        assertThat(grant.isHeld()).isTrue();
        assertThat(grant.release()).isTrue();
        waiting.get(10, TimeUnit.SECONDS).close();
    }
}
