/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere an interrupted lock() forgets the interrupt, or returns without the lock. {@link MutexLockContract} has more. */
@SuppressWarnings("LockNotBeforeTry")
class F28_InterruptIT {
    private static final int TRIALS = 150;

    private final Party party = Party.join();
    private final Party there = Party.join();
    private final OtherThread other = new OtherThread();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        other.close();
        there.close();
        party.close();
    }

    @Test
    void lock_interruptedAtAnyMoment_hasTheLockAndTheFlag() throws Exception {
        Random random = new Random(28);
        Lock lock = party.mutex(name).asLock();
        for (int i = 0; i < TRIALS; i++) {
            Grant holder = there.mutex(name).acquire();
            AtomicBoolean interrupted = new AtomicBoolean();
            CompletableFuture<Boolean> begun = new CompletableFuture<>();
            CompletableFuture<Boolean> locked = new CompletableFuture<>();
            var waiting = other.start(() -> {
                begun.complete(true);
                lock.lock();
                // Whether somebody else can be inside as well, at the very moment when this returned.
                locked.complete(there.mutex(name).tryAcquire().isEmpty());
                while (!interrupted.get()) {
                    Thread.onSpinWait();
                }
                assertThat(Thread.interrupted()).isTrue();
                lock.unlock();
            });
            begun.join(); // an executor forgets what interrupts its thread between two tasks
            LockSupport.parkNanos(random.nextInt(1_500_000));
            if (random.nextBoolean()) {
                other.interrupt();
                interrupted.set(true);
                holder.close();
            } else {
                holder.close();
                LockSupport.parkNanos(random.nextInt(1_500_000));
                other.interrupt();
                interrupted.set(true);
            }
            OtherThread.result(waiting);
            assertThat(locked.join()).isTrue();
        }
        Etcd.awaitClaims(name, 0);
    }
}
