/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What readers and writers of several processes get. */
class ReadWriteLockIT {
    private final List<Party> parties = new ArrayList<>();
    private final String name = Etcd.freshName();

    private ReadWriteLock join() {
        Party party = Party.join();
        parties.add(party);
        return ReadWriteLock.create(party.session, name);
    }

    @AfterEach
    void leave() {
        parties.forEach(Party::close);
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void readersShare_writersDoNot_andWhoComesFirstIsFirst() throws Exception {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        Grant r1 = one.readLock().acquire();
        Grant r2 = two.readLock().acquire();
        CompletableFuture<Grant> w = two.writeLock().acquireAsync();
        Etcd.awaitClaims(name, 3);
        CompletableFuture<Grant> late = join().readLock().acquireAsync();
        Etcd.awaitClaims(name, 4);
        assertThat(one.holders())
                .hasSize(2)
                .allSatisfy(owner -> assertThat(owner.process())
                        .contains(ProcessHandle.current().pid()));
        assertThat(one.waiters())
                .hasSize(2)
                .first()
                .satisfies(owner -> assertThat(owner.key()).startsWith(name + "/write:"));
        assertThat(join().readLock().tryAcquire()).isEmpty();
        r1.close();
        r2.close();
        Grant written = get(w);
        assertThat(two.holders())
                .singleElement()
                .satisfies(owner -> assertThat(owner.key()).startsWith(name + "/write:"));
        assertThat(written.token()).isGreaterThan(r1.token()).isGreaterThan(r2.token());
        assertThat(late).isNotDone();
        written.close();
        Grant last = get(late);
        assertThat(last.token()).isGreaterThan(written.token());
        last.close();
        assertThat(one.holders()).isEmpty();
    }

    @Test
    void downgrade_letsReadersIn_andNoWriterBetween() throws Exception {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        Grant write = one.writeLock().acquire();
        Grant read = one.downgrade(write).orElseThrow();
        assertThat(write.isHeld()).isFalse();
        assertThat(one.downgrade(write)).isEmpty();
        assertThat(one.holders())
                .singleElement()
                .satisfies(owner ->
                        assertThat(owner.revision()).isEqualTo(read.token().revision()));
        assertThat(two.writeLock().tryAcquire()).isEmpty();
        two.readLock().tryAcquire().orElseThrow().close();
        assertThat(read.guard().txn().put(name + "-data", "x").commit()).isTrue();
        assertThat(write.guard().txn().put(name + "-data", "late").commit()).isFalse();
        assertThat(one.tryUpgrade(read)).isEmpty();
        read.close();
        two.writeLock().tryAcquire().orElseThrow().close();
    }

    @Test
    void tryUpgrade_soleReaderOnly() throws Exception {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        Grant read = one.readLock().acquire();
        Grant other = two.readLock().acquire();
        assertThat(one.tryUpgrade(read)).isEmpty();
        assertThat(read.isHeld()).isTrue();
        other.close();
        try (Grant write = one.tryUpgrade(read).orElseThrow()) {
            assertThat(write.token()).isGreaterThan(read.token());
            assertThat(two.readLock().tryAcquire()).isEmpty();
            assertThat(read.release()).isFalse();
        }
        two.writeLock().tryAcquire().orElseThrow().close();
    }

    @Test
    void exchange_ofAnotherGrant_isRefused() throws Exception {
        ReadWriteLock lock = join();
        Party party = parties.get(0);
        try (Grant read = lock.readLock().acquire();
                Grant mutex = party.mutex(Etcd.freshName()).acquire();
                Grant other = ReadWriteLock.create(party.session, Etcd.freshName())
                        .writeLock()
                        .acquire()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> lock.downgrade(read))
                    .withMessageContaining(name);
            assertThatIllegalArgumentException().isThrownBy(() -> lock.downgrade(mutex));
            assertThatIllegalArgumentException().isThrownBy(() -> lock.downgrade(other));
            assertThatIllegalArgumentException().isThrownBy(() -> lock.tryUpgrade(other));
        }
    }

    @Test
    void nameOfAMutex_isRefusedWhileThatIsUsed() throws Exception {
        ReadWriteLock lock = join();
        try (Grant mutex = parties.get(0).mutex(name).acquire()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> lock.readLock().acquire())
                    .withMessageContaining("'" + name + "'");
            assertThat(mutex.isHeld()).isTrue();
        }
    }

    /** A writer unlocks before its reader: the reader goes on, in the same place. */
    @Test
    @SuppressWarnings("LockNotBeforeTry")
    void view_writerThatReads_keepsReading() {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        java.util.concurrent.locks.ReadWriteLock view = one.asReadWriteLock();
        view.writeLock().lock();
        view.readLock().lock();
        view.readLock().lock();
        view.writeLock().unlock();
        assertThat(two.writeLock().tryAcquire()).isEmpty();
        two.readLock().tryAcquire().orElseThrow().close();
        view.readLock().unlock();
        assertThat(two.writeLock().tryAcquire()).isEmpty();
        view.readLock().unlock();
        two.writeLock().tryAcquire().orElseThrow().close();
        await().untilAsserted(() -> assertThat(Etcd.claims(name)).isEmpty());
    }

    @Test
    @SuppressWarnings("LockNotBeforeTry")
    void view_readerThatWantsToWrite_isToldAtOnce() throws Exception {
        java.util.concurrent.locks.ReadWriteLock view = join().asReadWriteLock();
        view.readLock().lock();
        assertThatExceptionOfType(IllegalMonitorStateException.class)
                .isThrownBy(() -> view.writeLock().lock())
                .withMessageContainingAll(name, "tryUpgrade");
        assertThatExceptionOfType(IllegalMonitorStateException.class)
                .isThrownBy(() -> view.writeLock().lockInterruptibly());
        assertThat(view.writeLock().tryLock()).isFalse();
        assertThat(view.writeLock().tryLock(1, TimeUnit.HOURS)).isFalse();
        view.readLock().unlock();
        view.writeLock().lock();
        view.writeLock().unlock();
    }

    @Test
    @SuppressWarnings("LockNotBeforeTry")
    void view_writerThatReadsAndStopsReadingFirst_goesOnWriting() {
        ReadWriteLock one = join();
        java.util.concurrent.locks.ReadWriteLock view = one.asReadWriteLock();
        view.writeLock().lock();
        view.readLock().lock();
        view.readLock().unlock();
        assertThat(join().readLock().tryAcquire()).isEmpty();
        view.writeLock().unlock();
    }
}
