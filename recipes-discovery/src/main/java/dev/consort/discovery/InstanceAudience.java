/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.InOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest set, and who is told of it. Each listener has an order and a buffer of its own, so that a slow one holds up nobody;
 * one that is behind by more than {@value #BUFFER} sets is told the newer ones only.
 *
 * <p>Concurrency: guarded by {@link #lock}, under which nothing of a user's runs, nor of an executor that may run it at once.
 */
final class InstanceAudience<I> {
    static final int BUFFER = 16;

    private static final Logger log = LoggerFactory.getLogger(InstanceAudience.class);

    private final String name;
    private final Executor executor;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Member> members = new ArrayList<>(); // guarded by lock
    private boolean closed; // guarded by lock
    private volatile InstanceSet<I> newest; // written with the lock held

    InstanceAudience(String name, Executor executor, InstanceSet<I> first) {
        this.name = name;
        this.executor = executor;
        this.newest = first;
    }

    InstanceSet<I> newest() {
        return newest;
    }

    /** Makes the next set of the newest one, and tells it unless it says the same. */
    void publish(UnaryOperator<InstanceSet<I>> change) {
        List<Member> told;
        lock.lock();
        try {
            InstanceSet<I> next = change.apply(newest);
            if (closed || saysTheSame(newest, next)) {
                return;
            }
            newest = next;
            members.forEach(member -> member.add(next));
            told = List.copyOf(members);
        } finally {
            lock.unlock();
        }
        told.forEach(Member::tellLater);
    }

    private static boolean saysTheSame(InstanceSet<?> one, InstanceSet<?> other) {
        return one.instances().equals(other.instances()) && textOf(one.error()).equals(textOf(other.error()));
    }

    private static Optional<String> textOf(Optional<RecipeException> error) {
        return error.map(String::valueOf);
    }

    Subscription add(InstanceListener<? super I> listener) {
        Member member = new Member(listener);
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException(name + " is closed: open another one");
            }
            members.add(member);
            member.add(newest);
        } finally {
            lock.unlock();
        }
        member.tellLater();
        return () -> remove(member);
    }

    private void remove(Member member) {
        member.ended = true;
        lock.lock();
        try {
            members.remove(member);
        } finally {
            lock.unlock();
        }
    }

    /** What was published is told; nothing else is. */
    void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    /** After this no further call of a listener begins, and none is told of the last set. */
    void silence(UnaryOperator<InstanceSet<I>> last) {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                newest = last.apply(newest);
            }
            members.forEach(member -> member.ended = true);
            members.clear();
        } finally {
            lock.unlock();
        }
    }

    private static <J> void tell(InstanceListener<J> listener, InstanceSet<? extends J> set) {
        listener.onInstances(new InstanceSet<>(List.copyOf(set.instances()), set.error()));
    }

    /** One listener. */
    private final class Member {
        private final InstanceListener<? super I> listener;
        private final InOrder order = new InOrder(executor);
        private final Deque<InstanceSet<I>> news = new ArrayDeque<>(); // guarded by the audience's lock
        private @Nullable InstanceSet<I> told; // confined to its order
        private volatile boolean ended;

        Member(InstanceListener<? super I> listener) {
            this.listener = listener;
        }

        /** With the lock held. */
        void add(InstanceSet<I> next) {
            if (news.size() == BUFFER) {
                news.removeFirst();
            }
            news.addLast(next);
        }

        void tellLater() {
            order.execute(this::tellNext);
        }

        private void tellNext() {
            InstanceSet<I> next;
            lock.lock();
            try {
                next = news.pollFirst();
            } finally {
                lock.unlock();
            }
            InstanceSet<I> before = told;
            if (next == null || ended || (before != null && saysTheSame(before, next))) {
                return; // those between were left out
            }
            told = next;
            try {
                tell(listener, next);
            } catch (RuntimeException e) {
                log.error("{}: a listener failed", name, e);
            }
        }
    }
}
