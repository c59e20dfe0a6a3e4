/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a writer waits for as long as readers come, since there is always one of them. */
class F32_WriterStarvationIT {
    private static final int PROCESSES = 3;
    private static final int THREADS = 2;
    private static final int WRITES = 5;

    private final List<Party> parties = new ArrayList<>();
    private final List<OtherThread> threads = new ArrayList<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private final String name = Etcd.freshName();

    private ReadWriteLock join() {
        Party party = Party.join();
        parties.add(party);
        return ReadWriteLock.create(party.session, name);
    }

    @AfterEach
    void leave() {
        over.set(true);
        threads.forEach(OtherThread::close);
        parties.forEach(Party::close);
    }

    /** Each takes the next grant before it gives back the last one, so that no process ever stops reading by itself. */
    private void readOn(ReadWriteLock lock) throws InterruptedException {
        Grant reading = lock.readLock().acquire();
        while (!over.get()) {
            CompletableFuture<Grant> next = lock.readLock().acquireAsync();
            Grant last = reading;
            if (!next.isDone()) {
                last.close(); // it has to wait: for a writer, which waits for this one
            }
            reading = next.orTimeout(20, TimeUnit.SECONDS).join();
            last.close();
        }
        reading.close();
    }

    @Test
    void writer_amongReadersThatNeverStop_writes() throws InterruptedException {
        List<Future<Boolean>> reading = new ArrayList<>();
        for (int i = 0; i < PROCESSES; i++) {
            ReadWriteLock lock = join();
            for (int k = 0; k < THREADS; k++) {
                OtherThread thread = new OtherThread();
                threads.add(thread);
                reading.add(thread.start(() -> readOn(lock)));
            }
        }
        Etcd.awaitClaims(name, PROCESSES);
        ReadWriteLock writer = join();
        for (int i = 0; i < WRITES; i++) {
            CompletableFuture<Grant> writing = writer.writeLock().acquireAsync();
            try (Grant grant = writing.orTimeout(20, TimeUnit.SECONDS).join()) {
                assertThat(grant.isHeld()).isTrue();
                assertThat(writer.holders()).hasSize(1);
            }
        }
        over.set(true);
        reading.forEach(OtherThread::result);
        Etcd.awaitClaims(name, 0);
    }
}
