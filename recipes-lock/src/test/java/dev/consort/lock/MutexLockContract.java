/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.LockContract;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;

/** The view of a mutex as a lock; each use is of another view. */
@SuppressWarnings("LockNotBeforeTry")
abstract class MutexLockContract extends LockContract {
    private final String name = Names.fresh();

    /** The process that all tests are in. */
    abstract Party party();

    /** Another process. */
    abstract Party join();

    /** A look into the server. */
    abstract EtcdLook look();

    @Override
    protected Lock lock() {
        return party().mutex(name).asLock();
    }

    @Override
    protected boolean hasConditions() {
        return false;
    }

    @Test
    void newCondition_saysThatThereAreNone() {
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> lock().newCondition())
                .withMessageContaining("conditions");
    }

    @Test
    void lock_again_isTheSameGrant() {
        lock().lock();
        CallCounts before = party().log.counts();
        lock().lock();
        assertThat(party().log.counts().since(before).unaryCalls("KV/Txn")).isZero();
        assertThat(look().claims(name)).hasSize(1);
        lock().unlock();
        assertThat(look().claims(name)).hasSize(1);
        lock().unlock();
        assertThat(look().claims(name)).isEmpty();
    }

    @Test
    void lock_whileAGrantIsHeldByTheSameThread_isNotReentry() throws InterruptedException {
        try (Grant grant = party().mutex(name).acquire()) {
            assertThat(grant.isHeld()).isTrue();
            assertThat(lock().tryLock()).isFalse();
        }
        assertThat(lock().tryLock()).isTrue();
        assertThat(party().mutex(name).tryAcquire()).isEmpty();
        lock().unlock();
    }

    @Test
    void unlock_claimDeletedMeanwhile_throwsLostAndOwnsNothing() {
        AtomicInteger held = new AtomicInteger(1);
        lock().lock();
        look().delete(look().claims(name).get(0).getKey());
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
        try (Party leaving = join()) {
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
