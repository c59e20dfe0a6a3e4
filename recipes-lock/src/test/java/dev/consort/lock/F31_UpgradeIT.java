/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.Grant;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a reader that wants to write waits for ever: for itself, or for another one that waits for it. */
class F31_UpgradeIT {
    private static final Duration AT_ONCE = Duration.ofMillis(250);

    private final Party here = Party.join();
    private final Party there = Party.join();
    private final OtherThread other = new OtherThread();
    private final String name = Etcd.freshName();
    private final ReadWriteLock lock = ReadWriteLock.create(here.session, name);
    private final ReadWriteLock theirs = ReadWriteLock.create(there.session, name);

    @AfterEach
    void leave() {
        other.close();
        there.close();
        here.close();
    }

    /** Of two that ask at the same time neither waits, and one at most gets it. */
    @Test
    void twoReaders_thatBothUpgrade_goOnReading() throws InterruptedException {
        for (int i = 0; i < 20; i++) {
            Grant mine = lock.readLock().acquire();
            Grant second = theirs.readLock().acquire();
            Future<Boolean> upgraded =
                    other.start(() -> theirs.tryUpgrade(second).isPresent());
            assertThat(lock.tryUpgrade(mine)).isEmpty();
            assertThat(OtherThread.result(upgraded)).isFalse();
            assertThat(mine.isHeld() && second.isHeld()).isTrue();
            mine.close();
            second.close();
        }
        Etcd.awaitClaims(name, 0);
    }

    /** A reader of the same process, a reader of another one, a writer that waits: each is a reason. */
    @Test
    void reader_notAlone_isToldAtOnce() throws InterruptedException {
        try (Grant reading = lock.readLock().acquire()) {
            for (ReadWriteLock each : List.of(lock, theirs)) {
                try (Grant beside = each.readLock().acquire()) {
                    assertThat(beside.isHeld()).isTrue();
                    assertThat(Etcd.usualTimeOf(5, () -> {
                                long start = System.nanoTime();
                                assertThat(lock.tryUpgrade(reading)).isEmpty();
                                return Etcd.since(start);
                            }))
                            .isLessThan(AT_ONCE);
                }
                var waiting = each.writeLock().acquireAsync();
                Etcd.awaitClaims(name, 2);
                assertThat(lock.tryUpgrade(reading)).isEmpty();
                assertThat(waiting.cancel(false)).isTrue();
                Etcd.awaitClaims(name, 1);
            }
            assertThat(reading.isHeld()).isTrue();
        }
    }

    @Test
    @SuppressWarnings("LockNotBeforeTry")
    void view_readerThatWantsToWrite_isToldAtOnce() {
        var view = lock.asReadWriteLock();
        view.readLock().lock();
        other.run(() -> {
            var theirView = theirs.asReadWriteLock();
            theirView.readLock().lock();
            assertThatExceptionOfType(IllegalMonitorStateException.class)
                    .isThrownBy(() -> theirView.writeLock().lock());
            theirView.readLock().unlock();
        });
        assertThatExceptionOfType(IllegalMonitorStateException.class)
                .isThrownBy(() -> view.writeLock().lock());
        view.readLock().unlock();
        Etcd.awaitClaims(name, 0);
    }
}
