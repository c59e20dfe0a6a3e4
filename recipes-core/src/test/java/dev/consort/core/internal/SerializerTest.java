/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class SerializerTest {
    private final Serializer serializer = new Serializer();

    @Test
    void execute_idle_runsTheTaskBeforeItReturns() {
        List<String> ran = new ArrayList<>();
        serializer.execute(() -> ran.add("task"));
        assertThat(ran).containsExactly("task");
    }

    @Test
    void execute_fromATask_runsAfterThatTask() {
        List<String> ran = new ArrayList<>();
        serializer.execute(() -> {
            serializer.execute(() -> ran.add("inner"));
            ran.add("outer");
        });
        assertThat(ran).containsExactly("outer", "inner");
    }

    @Test
    void execute_aTaskThatThrows_keepsTheNextOnesRunning() {
        List<String> ran = new ArrayList<>();
        serializer.execute(() -> {
            serializer.execute(() -> ran.add("next"));
            throw new IllegalStateException("on purpose, for a test");
        });
        serializer.execute(() -> ran.add("later"));
        assertThat(ran).containsExactly("next", "later");
    }

    @Test
    void execute_manyNestedTasks_needsNoDeepStack() {
        List<Integer> ran = new ArrayList<>();
        serializer.execute(() -> add(ran, 100_000));
        assertThat(ran).hasSize(100_000);
    }

    private void add(List<Integer> ran, int left) {
        ran.add(left);
        if (left > 1) {
            serializer.execute(() -> add(ran, left - 1));
        }
    }

    /** The counter is no atomic one: a lost update shows two tasks at a time, or state that was not made visible. */
    @Test
    void execute_manyThreads_runsAllOneAtATimeAndEachThreadsInOrder() throws Exception {
        int threads = 8;
        int each = 50_000;
        int[] count = {0};
        int[] last = new int[threads];
        List<String> wrong = new ArrayList<>();
        CyclicBarrier together = new CyclicBarrier(threads);
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                running.add(executor.submit(() -> {
                    together.await();
                    for (int i = 1; i <= each; i++) {
                        int number = i;
                        serializer.execute(() -> {
                            count[0]++;
                            if (last[thread] != number - 1) {
                                wrong.add(thread + ": " + number + " after " + last[thread]);
                            }
                            last[thread] = number;
                        });
                    }
                    return thread;
                }));
            }
            for (Future<?> thread : running) {
                assertThat(thread.get(30, SECONDS)).isNotNull();
            }
        } finally {
            executor.shutdownNow();
        }
        CompletableFuture<Integer> seen = new CompletableFuture<>();
        serializer.execute(() -> seen.complete(count[0]));
        assertThat(seen.get(10, SECONDS)).isEqualTo(threads * each);
        assertThat(wrong).isEmpty();
    }
}
