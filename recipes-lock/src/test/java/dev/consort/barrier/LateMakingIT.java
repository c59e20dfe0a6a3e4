/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.DoubleBarrier.Stay;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The key that stays is put by two at once, and one of these puts is late: when all who used it are done and it is deleted, it
 * must not come back.
 */
class LateMakingIT {
    private static final Server server = Server.EMBEDDED;

    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final CallFault late =
            here.faults.every(puts("/count", "/generation", "/round")).hold();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
    }

    /** Transactions that put a key that ends so, which was absent. */
    private CallMatcher puts(String... ends) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getCompareList().stream()
                                .anyMatch(compare -> compare.hasCreateRevision()
                                        && compare.getCreateRevision() == 0
                                        && Stream.of(ends)
                                                .anyMatch(end -> compare.getKey()
                                                        .toStringUtf8()
                                                        .equals(name + end))));
    }

    private static <T> T soon(Future<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    private static void stays(ThrowingRunnable so) {
        await().during(Duration.ofMillis(100)).untilAsserted(so);
    }

    private void assertNothingIsLeft() {
        assertThat(server.keyNames(name)).isEmpty();
    }

    @Test
    void latch_usedBesideALatePut_isDoneAfterThat() throws Exception {
        CompletableFuture<Boolean> counted = here.latch(name, 2).countDownAsync("a");
        soon(late.hit());
        assertThat(there.latch(name, 2).countDown("b")).isTrue();
        stays(() -> assertThat(counted).isNotDone());
        late.release();
        assertThat(soon(counted)).isTrue();
        there.latch(name, 2).delete();
        assertNothingIsLeft();
    }

    @Test
    void cyclicBarrier_usedBesideALatePut_isDoneAfterThat() throws Exception {
        CompletableFuture<Integer> mine = here.cyclic(name, 2).awaitAsync();
        soon(late.hit());
        CompletableFuture<Integer> theirs = there.cyclic(name, 2).awaitAsync();
        server.awaitKeys(name, 2);
        stays(() -> assertThat(theirs).isNotDone());
        late.release();
        assertThat(soon(mine) + soon(theirs)).isEqualTo(1);
        there.cyclic(name, 2).delete();
        assertNothingIsLeft();
    }

    @Test
    void doubleBarrier_usedBesideALatePut_isDoneAfterThat() throws Exception {
        CompletableFuture<Stay> mine = here.doubled(name, 2).enterAsync();
        soon(late.hit());
        CompletableFuture<Stay> theirs = there.doubled(name, 2).enterAsync();
        server.awaitKeys(name, 2);
        stays(() -> assertThat(theirs).isNotDone());
        late.release();
        CompletableFuture<Void> left = soon(mine).leaveAsync();
        soon(soon(theirs).leaveAsync());
        soon(left);
        there.doubled(name, 2).delete();
        assertNothingIsLeft();
    }

    /** Who wanted it waits no longer, but what he sent is on its way. */
    @Test
    void delete_whilePutIsUnderWay_isDoneAfterThat() throws Exception {
        DistributedLatch latch = here.latch(name, 2);
        CompletableFuture<Void> waiting = latch.awaitAsync();
        soon(late.hit());
        waiting.cancel(false);
        Future<Boolean> deleted = threads.start(() -> {
            latch.delete();
            return true;
        });
        stays(() -> assertThat(deleted.isDone()).isFalse());
        late.release();
        assertThat(soon(deleted)).isTrue();
        assertNothingIsLeft();
    }

    /** It compares which latch it was to delete. */
    @Test
    void copyOfADeletion_doesNotDeleteTheNextOne() throws Exception {
        late.release();
        assertThat(here.latch(name, 2).countDown("a")).isTrue();
        CallFault twice = here.faults.next(CallMatcher.method("KV/Txn")).duplicateOnRelease();
        here.latch(name, 2).delete();
        assertNothingIsLeft();
        assertThat(there.latch(name, 2).countDown("b")).isTrue();
        twice.release();
        assertThat(soon(twice.landed()).isOk()).isTrue();
        assertThat(server.keyNames(name)).hasSize(2);
    }
}
