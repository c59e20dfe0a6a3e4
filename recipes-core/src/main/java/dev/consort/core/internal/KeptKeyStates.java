/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.internal.KeptKey.State;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of a {@link KeptKey} and who is told of it: in order, one at a time, and never with the lock held, which an executor that
 * runs at once would else do. Thread-safe.
 */
final class KeptKeyStates {
    private static final Logger log = LoggerFactory.getLogger(KeptKeyStates.class);

    private final String name;
    private final Executor executor;
    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<Runnable> news = new ConcurrentLinkedQueue<>(); // added with the lock held
    private final List<Consumer<? super State>> listeners = new CopyOnWriteArrayList<>();
    private volatile State state = State.ENTERING; // written with the lock held

    KeptKeyStates(String name, Executor executor) {
        this.name = name;
        this.executor = new InOrder(executor);
    }

    State now() {
        return state;
    }

    /** Whether it was another one until now, and not final. */
    boolean change(State next) {
        lock.lock();
        try {
            if (state == next || state == State.GONE) {
                return false;
            }
            state = next;
            news.add(() -> listeners.forEach(listener -> tell(listener, next)));
        } finally {
            lock.unlock();
        }
        executor.execute(this::tellNext);
        return true;
    }

    void add(Consumer<? super State> listener) {
        Objects.requireNonNull(listener, "listener");
        lock.lock();
        try {
            State now = state;
            news.add(() -> {
                listeners.add(listener);
                tell(listener, now);
            });
        } finally {
            lock.unlock();
        }
        executor.execute(this::tellNext);
    }

    /** Runs what may run user code, after the news there are. */
    void execute(Runnable task) {
        executor.execute(task);
    }

    private void tellNext() {
        Runnable next = news.poll();
        if (next != null) {
            next.run();
        }
    }

    private void tell(Consumer<? super State> listener, State now) {
        try {
            listener.accept(now);
        } catch (RuntimeException e) {
            log.error("{}: a listener failed on {}", name, now, e);
        }
    }
}
