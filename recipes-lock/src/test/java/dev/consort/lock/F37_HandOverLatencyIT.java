/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Lock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a waiter opens its watch too late, and is served by a timer of the server's, each 100 ms. */
@Isolated
class F37_HandOverLatencyIT {
    private static final int TRIES = 3;
    private static final int HAND_OVERS = 240;
    private static final int HAND_OVERS_OF_SERVICE = 24;

    private final String name = Etcd.freshName();

    @Test
    void handOver_betweenTwoOrEightProcesses_isNotBoundToATimer() throws Exception {
        for (int processes : new int[] {2, 8}) {
            Duration service = ofService();
            Duration ours = ofMutex(processes);
            for (int i = 1;
                    i < TRIES && ours.compareTo(service.dividedBy(3)) >= 0;
                    i++) { // a machine may be busy for once
                service = ofService();
                ours = ofMutex(processes);
            }
            assertThat(ours)
                    .as("a hand-over among %s; by etcd's Lock service: %s", processes, service)
                    .isLessThan(Duration.ofMillis(50))
                    .isLessThan(service.dividedBy(3));
        }
    }

    /** The mean time from one holder to the next, while all of them want it all the time. */
    private Duration ofMutex(int processes) {
        List<Party> parties = new ArrayList<>();
        List<OtherThread> threads = new ArrayList<>();
        Turns turns = new Turns();
        for (int i = 0; i < processes; i++) {
            parties.add(Party.join());
            threads.add(new OtherThread());
        }
        long start = System.nanoTime();
        List<Future<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < processes; i++) {
            Mutex mutex = parties.get(i).mutex(name + "-" + processes);
            all.add(threads.get(i).start(() -> {
                for (int k = 0; k < HAND_OVERS / processes; k++) {
                    Grant grant = mutex.acquire();
                    turns.begin("Java", grant.token().revision());
                    turns.end();
                    grant.close();
                }
            }));
        }
        all.forEach(OtherThread::result);
        Duration each = Etcd.since(start).dividedBy(HAND_OVERS);
        threads.forEach(OtherThread::close);
        parties.forEach(Party::close);
        turns.assertNoneOverlapped();
        assertThat(turns.count()).isEqualTo(HAND_OVERS);
        return each;
    }

    /** The mean time from an unlock to the next one's answer. */
    private Duration ofService() {
        String[] endpoints = Etcd.process.endpoints().toArray(new String[0]);
        try (Client first = Client.builder().endpoints(endpoints).build();
                Client second = Client.builder().endpoints(endpoints).build();
                OtherThread one = new OtherThread();
                OtherThread two = new OtherThread()) {
            Service service = new Service();
            var others = one.start(() -> service.turns(first));
            var ours = two.start(() -> service.turns(second));
            OtherThread.result(others);
            OtherThread.result(ours);
            return Duration.ofNanos(service.nanos.get() / HAND_OVERS_OF_SERVICE);
        }
    }

    /** Two who lock by etcd's Lock service in turn. */
    private final class Service {
        final AtomicLong nanos = new AtomicLong(); // from unlocks to the next one's answers
        private final AtomicInteger left = new AtomicInteger(2);
        private volatile long unlocked;

        void turns(Client client) {
            Lock service = client.getLockClient();
            long lease = Etcd.grantLease(60);
            for (int i = 0; i <= HAND_OVERS_OF_SERVICE / 2; i++) {
                ByteSequence key = Etcd.answer(service.lock(Etcd.bytes(name + "-service"), lease))
                        .getKey();
                if (unlocked != 0) {
                    nanos.addAndGet(System.nanoTime() - unlocked);
                }
                // On a busy machine one might be done with all its turns before the other begins: nothing is handed
                // over.
                await().pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(1))
                        .until(() ->
                                left.get() < 2 || Etcd.claims(name + "-service").size() == 2);
                unlocked = left.get() < 2 ? 0 : System.nanoTime();
                Etcd.answer(service.unlock(key));
            }
            left.decrementAndGet();
        }
    }
}
