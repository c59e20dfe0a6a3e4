/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.DoubleBarrier.Stay;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The last to come has sent what completes the round when one of the others dies (S28), and nobody has acted on that when it
 * lands: the round would be of fewer than all.
 */
class F33_PartyDiesBeforeTheTripIT {
    private static final Server server = Server.REAL;
    private static final CallMatcher PUTS_A_KEY = writes("");

    private final Party here = server.join();
    private final Party there = server.join();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    /** Transactions that put a key, if they are applied, whose value has this in it. */
    private static CallMatcher writes(String value) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.hasRequestPut()
                                        && op.getRequestPut()
                                                .getValue()
                                                .toStringUtf8()
                                                .contains(value)));
    }

    private static CallFault hold(Party party, CallMatcher what) {
        return party.faults.every(what).hold();
    }

    /** Once it has been sent, the other one dies; then it lands, and by that time etcd knows. */
    private static void landsAfterTheDeathOf(Party dying, CallFault held) throws Exception {
        held.hit().get(10, TimeUnit.SECONDS);
        server.revoke(dying.session.leaseId());
        held.release();
        assertThat(held.landed().get(10, TimeUnit.SECONDS).isOk()).isTrue();
    }

    private static void assertBroken(CompletableFuture<Integer> arrival) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> arrival.get(10, TimeUnit.SECONDS))
                .havingCause()
                .isInstanceOf(BrokenBarrierException.class)
                .withMessageContaining("was lost");
    }

    private DistributedCyclicBarrier cyclic(Party party, boolean withAction) {
        return withAction
                ? DistributedCyclicBarrier.create(party.session, name, 2, Thread::onSpinWait)
                : party.cyclic(name, 2);
    }

    private static CallMatcher trips(boolean withAction) {
        return writes(withAction ? "state=running" : "state=tripped");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cyclicBarrier_tripsAsItComes_isBroken(boolean withAction) throws Exception {
        CallFault trip = hold(here, trips(withAction));
        CallFault breaking = hold(here, writes("state=broken"));
        CompletableFuture<Integer> dead = cyclic(there, withAction).awaitAsync();
        server.awaitKeys(name, 2);
        CompletableFuture<Integer> last = cyclic(here, withAction).awaitAsync();
        landsAfterTheDeathOf(there, trip);
        breaking.release();
        assertBroken(last);
        assertThat(dead)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableOfType(ExecutionException.class); // told by a watch of its own
    }

    /** Neither saw the other as it came. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cyclicBarrier_tripsAfterItCame_isBroken(boolean withAction) throws Exception {
        CallFault trip = hold(here, trips(withAction));
        CallFault breaking = hold(here, writes("state=broken"));
        makeTheDurableKey(cyclic(there, withAction));
        CallFault coming = hold(here, PUTS_A_KEY);
        CompletableFuture<Integer> last = cyclic(here, withAction).awaitAsync();
        coming.hit().get(10, TimeUnit.SECONDS);
        CompletableFuture<Integer> dead = cyclic(there, withAction).awaitAsync();
        server.awaitKeys(name, 2);
        coming.release();
        landsAfterTheDeathOf(there, trip);
        breaking.release();
        assertBroken(last);
        assertThat(dead)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableOfType(ExecutionException.class); // told by a watch of its own
    }

    private void makeTheDurableKey(DistributedCyclicBarrier barrier) {
        CompletableFuture<Integer> first = barrier.awaitAsync();
        server.awaitKeys(name, 2);
        first.cancel(false);
        await().until(barrier::isBroken);
        barrier.reset();
    }

    @Test
    void doubleBarrier_fillsTheRoundAsItComes_entersWithOthersOnly() throws Exception {
        CallFault filling = hold(here, writes("round=1 "));
        CompletableFuture<Stay> dead = there.doubled(name, 2).enterAsync();
        server.awaitKeys(name, 2);
        CompletableFuture<Stay> last = here.doubled(name, 2).enterAsync();
        landsAfterTheDeathOf(there, filling);
        assertEntersWithAnother(last);
        assertThat(dead)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableOfType(ExecutionException.class); // told by a watch of its own
    }

    @Test
    void doubleBarrier_fillsTheRoundAfterItCame_entersWithOthersOnly() throws Exception {
        CallFault filling = hold(here, writes("round=1 "));
        CompletableFuture<Stay> first = there.doubled(name, 2).enterAsync();
        server.awaitKeys(name, 2);
        first.cancel(false);
        server.awaitKeys(name, 1);
        CallFault coming = hold(here, PUTS_A_KEY);
        CompletableFuture<Stay> last = here.doubled(name, 2).enterAsync();
        coming.hit().get(10, TimeUnit.SECONDS);
        CompletableFuture<Stay> dead = there.doubled(name, 2).enterAsync();
        server.awaitKeys(name, 2);
        coming.release();
        landsAfterTheDeathOf(there, filling);
        assertEntersWithAnother(last);
        assertThat(dead)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableOfType(ExecutionException.class); // told by a watch of its own
    }

    private void assertEntersWithAnother(CompletableFuture<Stay> last) throws Exception {
        try (Party other = server.join()) {
            DoubleBarrier theirs = other.doubled(name, 2);
            assertThat(theirs.inside()).isZero();
            assertThat(theirs.waiting()).isEqualTo(1);
            Stay stay = theirs.enter();
            assertThat(last.get(10, TimeUnit.SECONDS).round()).isEqualTo(stay.round());
        }
    }
}
