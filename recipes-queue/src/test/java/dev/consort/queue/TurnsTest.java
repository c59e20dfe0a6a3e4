/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private final Turns turns = new Turns();

    @Test
    void take_whileAnotherWorks_waitsForItsTurn() {
        List<Integer> begun = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            turns.take(() -> begun.add(number));
        }
        assertThat(begun).containsExactly(0);
        turns.giveBack();
        assertThat(begun).containsExactly(0, 1);
        turns.giveBack();
        turns.giveBack();
        turns.take(() -> begun.add(3));
        assertThat(begun).containsExactly(0, 1, 2, 3);
    }

    @Test
    void worksThatEndAsTheyBegin_doNotPileUp() {
        AtomicInteger ended = new AtomicInteger();
        turns.take(() -> {});
        for (int i = 0; i < 100_000; i++) {
            turns.take(() -> {
                ended.incrementAndGet();
                turns.giveBack();
            });
        }
        turns.giveBack();
        assertThat(ended).hasValue(100_000);
    }

    @Test
    void manyThreads_workOneAtATime_andNoneIsForgotten() throws Exception {
        int[] count = new int[1]; // guarded by the turns
        CountDownLatch done = new CountDownLatch(4 * 10_000);
        try (Threads threads = new Threads()) {
            List<Future<Boolean>> taking = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                taking.add(threads.start(() -> {
                    for (int j = 0; j < 10_000; j++) {
                        turns.take(() -> {
                            count[0]++;
                            turns.giveBack();
                            done.countDown();
                        });
                    }
                    return true;
                }));
            }
            for (Future<Boolean> each : taking) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(count[0]).isEqualTo(4 * 10_000);
    }
}
