/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static dev.consort.testkit.Times.bestOfThree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.SessionState;
import dev.consort.testkit.FaultProxy;
import dev.consort.testkit.Times;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;

/** Elsewhere a holder goes on believing that it holds when its lease has gone. */
class F01_HolderIsToldIT {
    private final String name = Etcd.freshName();

    /** Also S1. */
    @Test
    void lease_runsOut_holderIsToldBeforeTheNextOneIsGranted() throws Exception {
        bestOfThree(times -> loseByTheClock(Etcd.freshName(), times));
    }

    private static void loseByTheClock(String name, Times times) throws Exception {
        try (FaultProxy proxy = FaultProxy.to(Etcd.process.endpoints().get(0));
                Party cut = Party.join(List.of(proxy.endpoint()), Duration.ofSeconds(2));
                Party next = Party.join()) {
            Grant grant = cut.mutex(name).acquire();
            Lock view = cut.mutex(name + "-view").asLock();
            view.lock();
            CompletableFuture<LossReason> lost = grant.lost().toCompletableFuture();
            CompletableFuture<Grant> waiting = next.mutex(name).acquireAsync();
            CompletableFuture<Boolean> heldAtNextGrant = waiting.thenApply(granted -> grant.isHeld());

            proxy.stopForwarding();

            assertThat(heldAtNextGrant.get(10, TimeUnit.SECONDS)).isFalse();
            times.atMost(
                    Duration.ofSeconds(1),
                    () -> assertThat(lost.get(10, TimeUnit.SECONDS)).isEqualTo(LossReason.EXPIRED));
            assertThat(waiting.join().token()).isGreaterThan(grant.token());
            assertLost(cut, grant, name);
            assertThatExceptionOfType(LockOwnershipLostException.class).isThrownBy(view::unlock);
            proxy.resumeForwarding();
            assertThat(grant.isHeld()).isFalse();
            assertThat(waiting.join().isHeld()).isTrue();
        }
    }

    @Test
    void lease_revoked_holderIsToldAtOnce() {
        Duration usual = Etcd.usualTimeOf(5, () -> {
            try (Party party = Party.join();
                    Party next = Party.join()) {
                Grant grant = party.mutex(name).tryAcquire().orElseThrow();
                Lock view = party.mutex(name + "-view").asLock();
                view.lock();
                CompletableFuture<LossReason> lost = grant.lost().toCompletableFuture();
                // By then several watches tell of it, in any order, and what the holder is told is the same.
                await().until(() -> party.sent.watchesOf(name) == 1);

                long revoked = System.nanoTime();
                Etcd.revoke(party.session.leaseId());
                assertThat(lost.orTimeout(10, TimeUnit.SECONDS).join()).isEqualTo(LossReason.REVOKED);
                Duration took = Etcd.since(revoked);

                assertLost(party, grant, name);
                assertThatExceptionOfType(LockOwnershipLostException.class).isThrownBy(view::lock);
                assertThatExceptionOfType(LockOwnershipLostException.class).isThrownBy(view::unlock);
                assertThat(next.mutex(name).tryAcquire())
                        .hasValueSatisfying(
                                granted -> assertThat(granted.token()).isGreaterThan(grant.token()));
                return took;
            }
        });
        assertThat(usual).isLessThan(Duration.ofMillis(250));
    }

    private static void assertLost(Party party, Grant grant, String name) {
        assertThat(party.session.state()).isEqualTo(SessionState.LOST);
        assertThat(grant.isHeld()).isFalse();
        assertThat(grant.remaining()).isZero();
        assertThat(grant.guard().txn().put(name + "-value", "late").commit()).isFalse();
        assertThat(grant.release()).isFalse();
        grant.close();
        assertThat(grant.isHeld()).isFalse();
    }
}
