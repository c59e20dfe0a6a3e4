/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Elsewhere a grant is lost when it comes together with the end of the wait for it (F21), and two threads of one process
 * are one owner for the server (F11). Here each grant is somebody's or given back, and threads exclude each other.
 */
class F21_ReadWriteRacesIT {
    private static final int TRIALS = 60;
    private static final int THREADS = 6;
    private static final int ROUNDS = 60;

    private final Party here = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    @ParameterizedTest
    @EnumSource
    void grant_racingCancel_isReturnedOrGivenBack(ReadOrWrite waits) throws InterruptedException {
        Random random = new Random(21);
        AtomicInteger granted = new AtomicInteger();
        for (int i = 0; i < TRIALS; i++) {
            // What was cancelled before it was sent may come and go yet.
            Grant holding = waits.opposite()
                    .of(there, name)
                    .tryAcquire(Duration.ofSeconds(10))
                    .orElseThrow();
            CompletableFuture<Grant> acquiring = waits.of(here, name).acquireAsync();
            LockSupport.parkNanos(random.nextInt(1_000_000));
            var released = holding.releaseAsync();
            LockSupport.parkNanos(random.nextInt(2_000_000));
            acquiring.cancel(false);
            outcome(acquiring).ifPresent(grant -> {
                granted.incrementAndGet();
                assertThat(grant.release()).isTrue();
            });
            assertThat(released.join()).isTrue();
            Etcd.awaitClaims(name, 0);
        }
        assertThat(granted.get()).isBetween(0, TRIALS);
    }

    private static Optional<Grant> outcome(CompletableFuture<Grant> acquiring) {
        try {
            return Optional.of(acquiring.join());
        } catch (CancellationException e) {
            return Optional.empty();
        }
    }

    /** Every third time a thread writes; nobody is beside a writer, and writers' tokens rise. */
    @Test
    void threadsOfTwoProcesses_oneWriterOrManyReaders() {
        AtomicInteger readers = new AtomicInteger();
        AtomicInteger writers = new AtomicInteger();
        List<FencingToken> written = Collections.synchronizedList(new ArrayList<>());
        List<OtherThread> threads = new ArrayList<>();
        List<Future<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            OtherThread thread = new OtherThread();
            threads.add(thread);
            ReadWriteLock lock = ReadWriteLock.create((i % 2 == 0 ? here : there).session, name);
            int offset = i;
            all.add(thread.start(() -> {
                for (int k = 0; k < ROUNDS; k++) {
                    boolean writes = (k + offset) % 3 == 0;
                    try (Grant grant = (writes ? lock.writeLock() : lock.readLock()).acquire()) {
                        AtomicInteger mine = writes ? writers : readers;
                        int before = mine.getAndIncrement();
                        assertThat(writes ? before + readers.get() : writers.get())
                                .isZero();
                        if (writes) {
                            written.add(grant.token());
                        }
                        mine.decrementAndGet();
                    }
                }
            }));
        }
        all.forEach(OtherThread::result);
        threads.forEach(OtherThread::close);
        assertThat(written).hasSize(THREADS * ROUNDS / 3).isSorted().doesNotHaveDuplicates();
        Etcd.awaitClaims(name, 0);
    }
}
