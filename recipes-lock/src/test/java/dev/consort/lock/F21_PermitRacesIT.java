/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A permit that comes just as its wait ends is neither lost nor held by nobody. */
class F21_PermitRacesIT {
    private static final int ROUNDS = 200;

    private final Party here = Party.join(Duration.ofMinutes(5));
    private final Party there = Party.join(Duration.ofMinutes(5));
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        here.close();
        there.close();
    }

    @Test
    void acquire_endsAsItIsGranted_leavesAllPermits() throws Exception {
        DistributedSemaphore semaphore = DistributedSemaphore.create(here.session, name, 2);
        DistributedSemaphore theirs = DistributedSemaphore.create(there.session, name, 2);
        Random random = new Random(21);
        int granted = 0;
        int ended = 0;
        for (int i = 0; i < ROUNDS; i++) {
            Permit held = theirs.acquire(2);
            List<CompletableFuture<Permit>> wanted = new ArrayList<>();
            for (int k = 0; k < 3; k++) {
                wanted.add(semaphore.acquireAsync(1 + random.nextInt(2)));
            }
            CompletableFuture<Boolean> released = held.releaseAsync();
            for (CompletableFuture<Permit> each : wanted) {
                // Some before, some after, and some as it comes.
                if (!each.isDone() && random.nextInt(3) > 0) {
                    theirs.limit(); // the time of a request
                }
                each.cancel(false);
                if (each.isCancelled()) {
                    ended++;
                } else {
                    granted++;
                    each.join().close();
                }
            }
            assertThat(released.get(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(ended).isPositive();
        assertThat(granted + ended).isEqualTo(3 * ROUNDS);
        await().untilAsserted(() -> assertThat(Etcd.claims(name)).hasSize(1));
        // A claim that was withdrawn may still come, and go: what is free meanwhile is given back.
        await().untilAsserted(() -> {
            Optional<Permit> all = semaphore.drainPermits();
            all.ifPresent(Permit::close);
            assertThat(all)
                    .hasValueSatisfying(drained -> assertThat(drained.permits()).isEqualTo(2));
        });
    }
}
