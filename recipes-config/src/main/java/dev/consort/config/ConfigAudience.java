/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.internal.InOrder;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listeners of a configuration. Each has an order of its own, so that a slow one holds up nobody, and is told of the newest
 * state only, so that nothing piles up. Thread-safe.
 */
final class ConfigAudience<T> {
    private static final Logger log = LoggerFactory.getLogger(ConfigAudience.class);
    private static final int NOTES = 16; // what happened lately, such as stale and current again; the oldest goes first

    private final String root;
    private final Executor executor;
    private final List<Member> members = new CopyOnWriteArrayList<>();

    ConfigAudience(String root, Executor executor) {
        this.root = root;
        this.executor = executor;
    }

    ConfigView.Observation add(ConfigListener<? super T> listener, Supplier<T> current) {
        Member member = new Member(Objects.requireNonNull(listener, "listener"));
        members.add(member);
        member.begin(current.get());
        return () -> {
            member.ended = true;
            members.remove(member);
        };
    }

    /** In order. */
    void changed(T before, T after, long revision, Set<String> keys) {
        members.forEach(member -> member.changed(before, after, revision, keys));
    }

    /** In order with changes. */
    void tell(Consumer<ConfigListener<? super T>> what) {
        members.forEach(member -> member.note(what));
    }

    void close() {
        members.forEach(member -> member.ended = true);
        members.clear();
    }

    /** One listener. */
    private final class Member {
        private final ConfigListener<? super T> listener;
        private final InOrder order = new InOrder(executor);
        private final ReentrantLock lock = new ReentrantLock(); // guards what follows
        private final Queue<Consumer<ConfigListener<? super T>>> notes = new ArrayDeque<>();
        private @Nullable T told;
        private @Nullable ConfigChange<T> next;
        private volatile boolean ended;

        Member(ConfigListener<? super T> listener) {
            this.listener = listener;
        }

        /** What held when it began; a change that came meanwhile says so itself. */
        void begin(T value) {
            lock.lock();
            try {
                if (told == null) {
                    told = value;
                }
            } finally {
                lock.unlock();
            }
        }

        void changed(T before, T after, long revision, Set<String> keys) {
            lock.lock();
            try {
                Set<String> all = new TreeSet<>(keys);
                if (next != null) {
                    all.addAll(next.keys());
                }
                if (told == null) {
                    told = before;
                }
                next = new ConfigChange<>(told, after, revision, Set.copyOf(all));
            } finally {
                lock.unlock();
            }
            order.execute(this::tellNext);
        }

        void note(Consumer<ConfigListener<? super T>> what) {
            lock.lock();
            try {
                if (notes.size() == NOTES) {
                    notes.remove();
                }
                notes.add(what);
            } finally {
                lock.unlock();
            }
            order.execute(this::tellNext);
        }

        private void tellNext() {
            ConfigChange<T> change;
            Consumer<ConfigListener<? super T>> note;
            lock.lock();
            try {
                change = next;
                next = null;
                if (change != null) {
                    told = change.after();
                }
                note = notes.poll();
            } finally {
                lock.unlock();
            }
            if (change != null && !change.after().equals(change.before())) {
                call(each -> each.onChange(change));
            }
            if (note != null) {
                call(note);
            }
        }

        private void call(Consumer<ConfigListener<? super T>> what) {
            if (ended) {
                return;
            }
            try {
                what.accept(listener);
            } catch (RuntimeException e) {
                log.error("ConfigView '{}': a listener failed", root, e);
            }
        }
    }
}
