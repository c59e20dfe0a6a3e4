/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.Grant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a release by somebody else passes, or a legal one from another thread is refused. */
@SuppressWarnings("LockNotBeforeTry")
@Isolated
class F30_WhoMayReleaseIT {
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
    void unlock_byAnybodyElse_throwsAndChangesNothing() {
        Lock lock = party.mutex(name).asLock();
        lock.lock();
        long revision = Etcd.revision();
        other.run(() -> assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class));
        assertThatThrownBy(() -> there.mutex(name).asLock().unlock()).isInstanceOf(IllegalMonitorStateException.class);
        try (Party sameProcess = Party.join()) {
            assertThatThrownBy(() -> sameProcess.mutex(name).asLock().unlock())
                    .isInstanceOf(IllegalMonitorStateException.class);
            assertThatThrownBy(() -> party.mutex(name + "-other").asLock().unlock())
                    .isInstanceOf(IllegalMonitorStateException.class);
        }
        assertThat(Etcd.claims(name)).hasSize(1);
        assertThat(there.mutex(name).tryAcquire()).isEmpty();
        assertThat(Etcd.revision()).isGreaterThan(revision);
        lock.unlock();
        Etcd.awaitClaims(name, 0);
    }

    /** Code that hops between threads, as stages of futures do. */
    @Test
    void release_fromAnotherThreadThanTheAcquirer_isLegal() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            CompletableFuture<Boolean> released = party.mutex(name)
                    .acquireAsync()
                    .thenApplyAsync(grant -> grant.guard().txn().put(name + "-value", "1"), pool)
                    .thenApplyAsync(txn -> txn.commit(), pool)
                    .thenCompose(written -> party.mutex(name + "-2").acquireAsync())
                    .thenApplyAsync(Grant::release, pool);
            assertThat(released.get(10, TimeUnit.SECONDS)).isTrue();
            Grant grant = other.call(() -> party.mutex(name + "-3").acquire());
            assertThat(pool.submit(grant::release).get(10, TimeUnit.SECONDS)).isTrue();
            assertThat(Etcd.claims(name + "-2")).isEmpty();
            assertThat(Etcd.claims(name + "-3")).isEmpty();
        } finally {
            pool.shutdownNow();
        }
    }
}
