/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.SessionLostException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The view of a mutex as a lock; each use is of another view. */
@SuppressWarnings("LockNotBeforeTry")
class MutexLockIT extends LockContract {
    private static final Party party = Party.join();

    private final String name = Etcd.freshName();

    @AfterAll
    static void leave() {
        party.close();
    }

    @Override
    Lock lock() {
        return party.mutex(name).asLock();
    }

    @Test
    void lock_again_isTheSameGrant() {
        lock().lock();
        long revision = Etcd.revision();
        lock().lock();
        assertThat(Etcd.revision()).isEqualTo(revision);
        assertThat(Etcd.claims(name)).hasSize(1);
        lock().unlock();
        assertThat(Etcd.claims(name)).hasSize(1);
        lock().unlock();
        assertThat(Etcd.claims(name)).isEmpty();
    }

    @Test
    void lock_whileAGrantIsHeldByTheSameThread_isNotReentry() throws InterruptedException {
        try (Grant grant = party.mutex(name).acquire()) {
            assertThat(grant.isHeld()).isTrue();
            assertThat(lock().tryLock()).isFalse();
        }
        assertThat(lock().tryLock()).isTrue();
        assertThat(party.mutex(name).tryAcquire()).isEmpty();
        lock().unlock();
    }

    @Test
    void unlock_claimDeletedMeanwhile_throwsLostAndOwnsNothing() {
        AtomicInteger held = new AtomicInteger(1);
        lock().lock();
        Etcd.delete(Etcd.claims(name).get(0).getKey());
        // Noticed by a watch, which is opened after a moment only; until then this is re-entry.
        await().pollInSameThread()
                .untilAsserted(() -> assertThatExceptionOfType(LockOwnershipLostException.class)
                        .isThrownBy(() -> {
                            assertThat(lock().tryLock()).isTrue();
                            held.incrementAndGet();
                        })
                        .withMessageContaining(name));
        for (int entries = held.get(); entries > 0; entries--) {
            assertThatExceptionOfType(LockOwnershipLostException.class).isThrownBy(() -> lock().unlock());
        }
        assertThatThrownBy(() -> lock().unlock()).isExactlyInstanceOf(IllegalMonitorStateException.class);
        assertThat(lock().tryLock()).isTrue();
        lock().unlock();
    }

    @Test
    void unlock_sessionClosedMeanwhile_throwsLost() {
        Lock lock;
        try (Party leaving = Party.join()) {
            lock = leaving.mutex(name).asLock();
            lock.lock();
        }
        assertThatExceptionOfType(LockOwnershipLostException.class).isThrownBy(lock::unlock);
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(lock::lock);
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(lock::tryLock);
    }

    @Test
    void unlock_byAnotherThread_saysWhoMayUnlock() {
        lock().lock();
        try (OtherThread other = new OtherThread()) {
            other.run(() -> assertThatThrownBy(() -> lock().unlock())
                    .isInstanceOf(IllegalMonitorStateException.class)
                    .isNotInstanceOf(LockOwnershipLostException.class)
                    .hasMessageContaining(name)
                    .hasMessageContaining("other"));
        }
        lock().unlock();
    }
}
