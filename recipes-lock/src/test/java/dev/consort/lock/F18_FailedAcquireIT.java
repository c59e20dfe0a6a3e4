/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.Grant;
import dev.consort.core.RecipeException;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere an acquire that failed leaves its key, which later wins without an owner. */
class F18_FailedAcquireIT {
    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();
    private final Mutex mutex = party.mutex(name);

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    private void assertOnlyTheHolderLeft(Grant holder) {
        Etcd.awaitClaims(name, 1);
        assertThat(Etcd.claims(name).get(0).getCreateRevision())
                .isEqualTo(holder.token().revision());
        holder.close();
        assertThat(Etcd.claims(name)).isEmpty();
        assertThat(there.mutex(name).tryAcquire()).isPresent();
    }

    @Test
    void acquire_timedOutAndWithdrawalUnanswered_leavesNoKey() throws Exception {
        Grant holder = there.mutex(name).acquire();
        CallFault lost =
                party.faults.next(2, Calls.releasing(party.claim(name))).loseRequest();
        assertThat(mutex.tryAcquire(Duration.ofMillis(100))).isEmpty();
        lost.hit().get(10, TimeUnit.SECONDS);
        assertOnlyTheHolderLeft(holder);
    }

    @Test
    void acquire_cancelledAndWithdrawalsAnswerLost_leavesNoKey() throws Exception {
        Grant holder = there.mutex(name).acquire();
        CallFault lost = party.faults.loseNextReply(Calls.releasing(party.claim(name)));
        CompletableFuture<Grant> waiting = mutex.acquireAsync();
        Etcd.awaitClaims(name, 2);
        waiting.cancel(false);
        lost.hit().get(10, TimeUnit.SECONDS);
        assertOnlyTheHolderLeft(holder);
    }

    /** A foreign key in the place of a claim can only be reported (S6). */
    @Test
    void acquire_foreignKeyBelowTheName_failsNamingItAndLeavesNoKey() {
        String foreign = name + "/settings.json";
        Etcd.put(foreign, "{}");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(mutex::acquire)
                .withMessageContaining("'" + foreign + "'")
                .satisfies(e -> assertThat(e.key()).isEqualTo(name));
        Etcd.awaitClaims(name, 1);
        Etcd.delete(Etcd.bytes(foreign));
        assertThat(mutex.tryAcquire()).isPresent();
    }

    @Test
    void acquire_foreignKeyInThePlaceOfItsOwn_failsNamingItAndLeavesIt() {
        Etcd.put(party.claim(name), "somebody else's");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(mutex::acquire)
                .withMessageContaining("'" + party.claim(name) + "'");
        assertThat(Etcd.claims(name))
                .singleElement()
                .satisfies(claim -> assertThat(claim.getValue()).hasToString("somebody else's"));
        Etcd.delete(Etcd.bytes(party.claim(name)));
        assertThat(mutex.tryAcquire()).isPresent();
    }
}
