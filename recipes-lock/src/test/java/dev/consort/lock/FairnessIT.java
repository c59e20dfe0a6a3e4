/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** A process with many threads does not keep a lock to itself while another process waits. */
@Isolated
class FairnessIT {
    private static final int LIMIT = 64;

    private final Party busy = Party.join();
    private final Party second = Party.join();
    private final Party third = Party.join();
    private final String name = Etcd.freshName();
    private final AtomicInteger busyGrants = new AtomicInteger();
    private final AtomicInteger largestSequence = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();
    private final List<OtherThread> threads = new ArrayList<>();

    @AfterEach
    void leave() {
        threads.forEach(OtherThread::close);
        third.close();
        second.close();
        busy.close();
    }

    private List<Future<Boolean>> keepBusy(long holdNanos) {
        List<Future<Boolean>> running = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            OtherThread thread = new OtherThread();
            threads.add(thread);
            running.add(thread.start(() -> {
                while (!over.get()) {
                    try (Grant grant = busy.mutex(name).acquire()) {
                        busyGrants.incrementAndGet();
                        largestSequence.accumulateAndGet(grant.token().sequence(), Math::max);
                        if (holdNanos > 0) {
                            LockSupport.parkNanos(holdNanos);
                        }
                    }
                }
            }));
        }
        return running;
    }

    private void stop(List<Future<Boolean>> running) {
        over.set(true);
        running.forEach(OtherThread::result);
    }

    /** Others are known to wait when the claim is granted, since two of them are always there. */
    @Test
    void handOvers_whileOthersAreKnownToWait_areLimitedInNumber() throws Exception {
        CompletableFuture<Grant> holder = second.mutex(name).acquireAsync();
        Grant grant = holder.get(10, TimeUnit.SECONDS);
        var running = keepBusy(0);
        for (int i = 0; i < 20; i++) {
            Etcd.awaitClaims(name, 2);
            Party next = i % 2 == 0 ? third : second;
            CompletableFuture<Grant> waiting = next.mutex(name).acquireAsync();
            Etcd.awaitClaims(name, 3);
            grant.close(); // to the busy one, and with the message that there is one more behind it
            grant = waiting.get(10, TimeUnit.SECONDS);
        }
        assertThat(largestSequence).hasValueLessThanOrEqualTo(LIMIT);
        assertThat(busyGrants).hasValueGreaterThan(40);
        over.set(true);
        grant.close();
        stop(running);
    }

    /** The other comes while the busy one holds, which does not see that and must find out. */
    @Test
    void handOvers_whileAnotherQueuesUnseen_areLimitedInTime() throws Exception {
        var running = keepBusy(100_000);
        Duration usual = Etcd.usualTimeOf(9, () -> {
            long start = System.nanoTime();
            CompletableFuture<Grant> waiting = second.mutex(name).acquireAsync();
            Grant grant = waiting.orTimeout(10, TimeUnit.SECONDS).join();
            Duration took = Etcd.since(start);
            grant.close();
            return took;
        });
        assertThat(usual).isLessThan(Duration.ofMillis(250));
        stop(running);
    }
}
