/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.FencingToken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** F11: two lock objects, or two threads, on one session are one owner for the server, and both "hold" it. */
class F11_OneOwnerPerSessionIT {
    private static final int THREADS = 8;
    private static final int ROUNDS = 60;

    @RegisterExtension
    final Parties parties = new Parties();

    /** I1 and I2: two sessions with threads of their own, each thread with an acquirer of its own. */
    @Test
    void threadsOfTwoSessions_neverHoldTogether_andTokensRise() throws Exception {
        List<Party> sessions = List.of(parties.join(), parties.join());
        String name = Parties.name();
        AtomicInteger inside = new AtomicInteger();
        List<FencingToken> tokens = Collections.synchronizedList(new ArrayList<>());
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Integer>> running = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                Party party = sessions.get(t % sessions.size());
                running.add(executor.submit(() -> {
                    int together = 0;
                    for (int i = 0; i < ROUNDS; i++) {
                        Acquirer<EtcdGrant> own = new Acquirer<>(party.session, grant -> grant);
                        try (EtcdGrant grant = own.acquire(Party.spec(name))) {
                            together += inside.getAndIncrement();
                            tokens.add(grant.token());
                            assertThat(grant.isHeld()).isTrue();
                            inside.decrementAndGet();
                        }
                    }
                    return together;
                }));
            }
            for (Future<Integer> thread : running) {
                assertThat(get(thread)).isZero();
            }
        } finally {
            executor.shutdownNow();
        }
        assertThat(tokens).hasSize(THREADS * ROUNDS).isSorted().doesNotHaveDuplicates();
        soon(() -> assertThat(SharedEtcd.operator().claims(name)).isEmpty());
    }

    /** Within one process it is first come first served. */
    @Test
    void waitersOfOneSession_areServedInOrder() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant first = party.acquire(name);
        List<Integer> served = Collections.synchronizedList(new ArrayList<>());
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int number = i;
            done.add(party.acquireAsync(name).thenAccept(grant -> {
                served.add(number);
                Completion.of(grant.releaseAsync(), (released, failure) -> {});
            }));
        }
        first.close();
        done.forEach(Waits::get);
        assertThat(served).isSorted().hasSize(20);
    }

    /** A claim that goes on from hand to hand in one process goes to another process in time. */
    @Test
    void localHandOvers_doNotStarveAnotherSession() throws InterruptedException {
        Party busy = parties.join();
        Party other = parties.join();
        String name = Parties.name();
        AtomicInteger handed = new AtomicInteger();
        AtomicInteger longest = new AtomicInteger();
        AtomicInteger stop = new AtomicInteger();
        for (int i = 0; i < 4; i++) {
            again(busy, name, handed, longest, stop);
        }
        soon(() -> assertThat(handed.get()).isGreaterThan(100));
        EtcdGrant grant = get(other.acquireAsync(name));
        // It is the limit that gave the claim away, not a sequence of tokens that ran out.
        assertThat(longest.get()).isLessThan(FencingToken.MAX_SEQUENCE);
        assertThat(grant.isHeld()).isTrue();
        int before = handed.get();
        Waits.stays(Duration.ofMillis(100), () -> handed.get() == before);
        stop.set(1);
        grant.close();
    }

    private static void again(
            Party party, String name, AtomicInteger handed, AtomicInteger longest, AtomicInteger stop) {
        Completion.of(party.acquireAsync(name), (grant, failure) -> {
            if (failure == null) {
                handed.incrementAndGet();
                longest.accumulateAndGet(grant.token().sequence(), Math::max);
                if (stop.get() == 0) {
                    again(party, name, handed, longest, stop);
                }
                Completion.of(grant.releaseAsync(), (released, ignored) -> {});
            }
        });
    }
}
