/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one at a time and in order, on whichever thread finds it idle: a lock that nobody waits for. State that is
 * touched by its tasks only needs no other protection.
 *
 * <p>A task must be short, must not block, and must not call user code.
 */
final class Serializer implements Executor {
    private static final Logger log = LoggerFactory.getLogger(Serializer.class);

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger pending = new AtomicInteger();

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        if (pending.getAndIncrement() == 0) {
            do {
                run(tasks.remove());
            } while (pending.decrementAndGet() != 0);
        }
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            log.error("A task of the engine failed; please report this", e);
        }
    }
}
