/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionState;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Somebody deletes or overwrites claims under the hands of their owners (S4, S6). */
class OperatorIT {
    private static final Duration SOON = Duration.ofMillis(250);

    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    @Test
    void claimOfHolder_deleted_isLostSoonAndTheSessionLives() {
        Duration usual = Etcd.usualTimeOf(5, () -> {
            Grant grant = party.mutex(name).tryAcquire().orElseThrow();
            party.sent.clear();
            await().until(() -> party.sent.watchesOf(name) == 1);
            CompletableFuture<Grant> next = there.mutex(name).acquireAsync();
            Etcd.awaitClaims(name, 2);

            long deleted = System.nanoTime();
            Etcd.delete(Etcd.bytes(party.claim(name)));
            assertThat(lossOf(grant)).isEqualTo(LossReason.CLAIM_REMOVED);
            Duration took = Etcd.since(deleted);

            assertThat(grant.isHeld()).isFalse();
            assertThat(grant.guard().txn().put(name + "-value", "late").commit())
                    .isFalse();
            assertThat(grant.release()).isFalse();
            assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
            try (Grant granted = next.orTimeout(10, TimeUnit.SECONDS).join()) {
                assertThat(granted.token()).isGreaterThan(grant.token());
            }
            return took;
        });
        assertThat(usual).isLessThan(SOON);
        assertThat(party.mutex(name).tryAcquire()).isPresent();
    }

    private static LossReason lossOf(Grant grant) {
        return grant.lost()
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }

    /** Also before anybody watches it. */
    @Test
    void claimOfHolder_deletedAtOnce_isLost() throws InterruptedException {
        Grant grant = party.mutex(name).acquire();
        Etcd.delete(Etcd.bytes(party.claim(name)));
        assertThat(lossOf(grant)).isEqualTo(LossReason.CLAIM_REMOVED);
    }

    @Test
    void claimOfHolder_deletedWhileOthersHereWait_isMadeAnewForThem() throws Exception {
        Grant grant = party.mutex(name).acquire();
        CompletableFuture<Grant> next = party.mutex(name).acquireAsync();
        Etcd.delete(Etcd.bytes(party.claim(name)));
        assertThat(lossOf(grant)).isEqualTo(LossReason.CLAIM_REMOVED);
        try (Grant granted = next.get(10, TimeUnit.SECONDS)) {
            assertThat(granted.token().revision()).isGreaterThan(grant.token().revision());
            assertThat(Etcd.claims(name)).hasSize(1);
        }
    }

    @Test
    void claimOfWaiter_deleted_failsSoonAndTheOthersGoOn() {
        Grant holder = there.mutex(name).tryAcquire().orElseThrow();
        Duration usual = Etcd.usualTimeOf(5, () -> {
            party.sent.clear();
            CompletableFuture<Grant> waiting = party.mutex(name).acquireAsync();
            await().until(() -> party.sent.watchesOf(name) == 2);
            long deleted = System.nanoTime();
            Etcd.delete(Etcd.bytes(party.claim(name)));
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                    .havingCause()
                    .isExactlyInstanceOf(RecipeException.class)
                    .withMessageContaining(party.claim(name));
            return Etcd.since(deleted);
        });
        assertThat(usual).isLessThan(SOON);
        assertThat(holder.isHeld()).isTrue();
        assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
        holder.close();
        assertThat(party.mutex(name).tryAcquire()).isPresent();
    }

    /** The create revision stays the same, so nothing but the content and the lease tell. */
    @Test
    void claimOfHolder_overwritten_isLostAndLeftAlone() throws InterruptedException {
        Grant grant = party.mutex(name).acquire();
        var late = grant.guard().txn().put(name + "-value", "late");
        Etcd.put(party.claim(name), "somebody else's");
        assertThat(late.commit()).isFalse();
        assertThat(lossOf(grant)).isEqualTo(LossReason.CLAIM_REMOVED);
        assertThat(grant.release()).isFalse();
        assertForeignClaimStays();
    }

    @Test
    void claimOfHolder_overwrittenUnseen_isNotDeletedByTheRelease() throws InterruptedException {
        CallFault unseen =
                party.faults.every(Calls.toldOfWrite(party.claim(name))).dropMessages(Direction.TO_CLIENT);
        Grant grant = party.mutex(name).acquire();
        Etcd.put(party.claim(name), "somebody else's");
        assertThat(grant.release()).isFalse();
        assertForeignClaimStays();
        unseen.stop();
    }

    private void assertForeignClaimStays() {
        long requests = party.log.counts().unaryCalls();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> party.mutex(name).acquire())
                .withMessageContaining("'" + party.claim(name) + "'");
        assertThat(there.mutex(name).tryAcquire()).isEmpty();
        Etcd.awaitClaims(name, 1);
        assertThat(Etcd.claims(name))
                .singleElement()
                .satisfies(claim -> assertThat(claim.getValue()).hasToString("somebody else's"));
        assertThat(party.log.counts().unaryCalls() - requests)
                .as("requests about what cannot be changed")
                .isLessThan(10);
        Etcd.delete(Etcd.bytes(party.claim(name)));
        assertThat(party.mutex(name).tryAcquire()).isPresent();
    }

    @Test
    void claimOfHolder_replacedByAnother_isLostAndLeftAlone() throws InterruptedException {
        Grant grant = party.mutex(name).acquire();
        Etcd.delete(Etcd.bytes(party.claim(name)));
        Etcd.put(party.claim(name), "somebody else's");
        assertThat(lossOf(grant)).isEqualTo(LossReason.CLAIM_REMOVED);
        grant.close();
        assertForeignClaimStays();
    }
}
