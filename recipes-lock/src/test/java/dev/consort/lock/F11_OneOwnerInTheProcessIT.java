/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere two threads, or two lock objects, of one session are one owner for the server, and both hold. */
class F11_OneOwnerInTheProcessIT {
    private static final int THREADS = 8;
    private static final int ROUNDS = 100;

    private final Party party = Party.join();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    @Test
    void acquire_byAnotherObjectOfTheSession_waits() throws InterruptedException {
        try (Grant grant = party.mutex(name).acquire()) {
            assertThat(grant.isHeld()).isTrue();
            assertThat(party.mutex(name).tryAcquire()).isEmpty();
            assertThat(party.mutex(name).asLock().tryLock()).isFalse();
            assertThat(party.mutex(name).acquireAsync()).isNotDone();
        }
    }

    @Test
    void acquire_byManyThreads_isHeldByOneAtATimeWithRisingTokens() {
        Turns turns = new Turns();
        List<FencingToken> tokens = Collections.synchronizedList(new ArrayList<>());
        List<OtherThread> threads = new ArrayList<>();
        List<Future<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            OtherThread thread = new OtherThread();
            threads.add(thread);
            Mutex own = party.mutex(name);
            all.add(thread.start(() -> {
                for (int k = 0; k < ROUNDS; k++) {
                    try (Grant grant = own.acquire()) {
                        turns.begin("thread", grant.token().revision());
                        tokens.add(grant.token());
                        turns.end();
                    }
                }
            }));
        }
        all.forEach(OtherThread::result);
        threads.forEach(OtherThread::close);
        turns.assertNoneOverlapped();
        assertThat(tokens).hasSize(THREADS * ROUNDS).isSorted().doesNotHaveDuplicates();
        assertThat(Etcd.claims(name)).isEmpty();
    }
}
