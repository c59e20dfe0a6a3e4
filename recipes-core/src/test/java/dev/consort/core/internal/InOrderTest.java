/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InOrderTest {
    private static final int TASKS = 1_000;

    /** Has all tasks run, each after the one before. */
    private static List<Integer> run(Executor executor) throws InterruptedException {
        InOrder order = new InOrder(executor);
        Queue<Integer> ran = new ConcurrentLinkedQueue<>();
        CountDownLatch all = new CountDownLatch(TASKS);
        for (int i = 0; i < TASKS; i++) {
            int task = i;
            order.execute(() -> {
                ran.add(task);
                all.countDown();
                if (task % 3 == 0) {
                    throw new IllegalStateException("a task that fails");
                }
            });
        }
        assertThat(all.await(20, TimeUnit.SECONDS)).isTrue();
        return new ArrayList<>(ran);
    }

    @Test
    void tasks_severalThreads_runInOrder() throws InterruptedException {
        ExecutorService threads =
                Executors.newFixedThreadPool(3, task -> new Thread(null, () -> quietly(task), "in-order"));
        assertThat(run(threads)).isSorted().hasSize(TASKS);
        threads.shutdown();
        assertThat(threads.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void tasks_executorTakesNone_runInOrderAllTheSame() throws InterruptedException {
        assertThat(run(task -> {
                    throw new RejectedExecutionException("shut down");
                }))
                .isSorted()
                .hasSize(TASKS);
    }

    /** The failures of the tasks are meant, and not for the log. */
    private static void quietly(Runnable task) {
        try {
            task.run();
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("a task that fails");
        }
    }
}
