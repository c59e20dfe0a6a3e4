/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.SessionState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what may run user code off the engine's threads: each listener is told in order and by one thread at a time, and
 * one that blocks or throws holds up nobody else.
 *
 * <p>Concurrency: {@link #listeners} is confined to the session's serializer; the rest is immutable.
 */
final class CallbackOrder {
    private static final Logger log = LoggerFactory.getLogger(CallbackOrder.class);

    private final Executor executor;
    private final List<Consumer<SessionState>> listeners = new ArrayList<>();

    CallbackOrder(Executor executor) {
        this.executor = executor;
    }

    /** Adds a listener, and tells it the state that is final already. */
    void add(Consumer<SessionState> listener, SessionState now) {
        Executor inOrder = new InOrder(this::unordered);
        Consumer<SessionState> ordered = state -> inOrder.execute(() -> {
            try {
                listener.accept(state);
            } catch (RuntimeException e) {
                log.error("A session's listener failed on {}", state, e);
            }
        });
        if (now.isFinal()) {
            ordered.accept(now);
        } else {
            listeners.add(ordered);
        }
    }

    void tell(SessionState state) {
        listeners.forEach(listener -> listener.accept(state));
        if (state.isFinal()) {
            listeners.clear();
        }
    }

    void unordered(Runnable task) {
        submit(executor, task);
    }

    /** Runs a task on the executor; one that is shut down must not keep futures from completing. */
    static void submit(Executor executor, Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            ForkJoinPool.commonPool().execute(task);
        }
    }
}
