/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nobody is granted a permit without a claim, or (F20) because a watch was closed. */
class F07_PhantomPermitIT {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final Party holder = Party.join(Duration.ofMinutes(5));
    private final Party waiter = Party.join(Duration.ofMinutes(5));
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        waiter.close();
        holder.close();
    }

    private CompletableFuture<Permit> waiting() {
        CompletableFuture<Permit> waiting =
                DistributedSemaphore.open(waiter.session, name).acquireAsync();
        await().untilAsserted(
                        () -> assertThat(waiter.log.counts().watchesOpen()).isEqualTo(3));
        return waiting;
    }

    @Test
    void waitersClaimDeleted_thenAPermitIsFreed_failsTheWait() throws InterruptedException {
        DistributedSemaphore semaphore = DistributedSemaphore.create(holder.session, name, 1);
        Permit held = semaphore.acquire();
        CompletableFuture<Permit> waiting = waiting();
        Etcd.delete(Etcd.bytes(semaphore.waiters().get(0).owner().key()));
        assertThat(waiting).failsWithin(SOON).withThrowableThat().withCauseInstanceOf(RecipeException.class);
        held.close();
        assertThat(semaphore.availablePermits()).isEqualTo(1);
    }

    @Test
    void watchesBroken_whileWaiting_grantNothing() throws InterruptedException {
        DistributedSemaphore semaphore = DistributedSemaphore.create(holder.session, name, 1);
        Permit held = semaphore.acquire();
        CompletableFuture<Permit> waiting = waiting();
        waiter.faults.breakStreams("Watch/Watch");
        await().untilAsserted(
                        () -> assertThat(waiter.log.counts().watchesOpen()).isEqualTo(3));
        assertThat(waiting).isNotDone();
        held.close();
        assertThat(waiting).succeedsWithin(SOON);
    }
}
