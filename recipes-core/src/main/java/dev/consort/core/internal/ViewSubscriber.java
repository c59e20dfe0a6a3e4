/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.PrefixView.Listener;
import dev.consort.core.internal.PrefixView.Snapshot;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listener of a view, with a bounded buffer of what it is still to be told. When it runs over, the changes are dropped
 * and a snapshot is told instead, which is taken when the listener has caught up: a slow one costs one at a time.
 *
 * <p>Concurrency: the buffer is guarded by {@link #lock}; the view adds on its serializer, the listener's executor takes.
 */
final class ViewSubscriber implements PrefixView.Subscription {
    /**
     * In changes. One message of etcd may hold more, such as what was missed while the connection was down: a listener that
     * has caught up is told it whole, since it could not be quicker.
     */
    static final int BUFFER = 1024;

    private static final Logger log = LoggerFactory.getLogger(ViewSubscriber.class);

    private final String recipe;
    private final String prefix;
    private final Listener listener;
    private final Duration linger;
    private final InOrder inOrder;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock.
    private final Deque<Delivery> buffer = new ArrayDeque<>();
    private int buffered;
    private Due due = Due.NOW;
    private Cause dueCause = Cause.OPENED;
    private boolean closed;
    private @Nullable PrefixMirror mirror;
    private @Nullable Runnable leave;

    /** Whether a snapshot is due: NOW -> NO when the view has one, NO -> BEHIND on overflow, BEHIND -> NOW when caught up. */
    private enum Due {
        NO,
        NOW,
        BEHIND
    }

    private enum Kind {
        SNAPSHOT,
        CHANGES,
        NEWS
    }

    /** All changes of a revision. */
    record Told(long revision, List<Change> changes) {}

    /** A call of the listener. */
    private record Delivery(Kind kind, int size, Runnable call) {}

    ViewSubscriber(String recipe, String prefix, Executor executor, Listener listener, Duration linger) {
        this.linger = linger;
        this.recipe = recipe;
        this.prefix = prefix;
        this.listener = listener;
        this.inOrder = new InOrder(task -> CallbackOrder.submit(executor, task));
    }

    /** Called once, before anything else is. */
    void join(PrefixMirror view, Runnable whenClosed) {
        lock.lock();
        try {
            mirror = view;
            leave = whenClosed;
        } finally {
            lock.unlock();
        }
        view.add(this);
    }

    String recipe() {
        return recipe;
    }

    Duration linger() {
        return linger;
    }

    String prefix() {
        return prefix;
    }

    // The view's side

    /** If a snapshot is due. */
    void offerSnapshot(long revision, List<Entry> entries) {
        lock.lock();
        try {
            if (due != Due.NOW) {
                return;
            }
            due = Due.NO;
            Snapshot snapshot = new Snapshot(revision, entries, dueCause, List.of());
            add(new Delivery(Kind.SNAPSHOT, 1, () -> listener.onSnapshot(snapshot)));
        } finally {
            lock.unlock();
        }
        inOrder.execute(this::tellNext);
    }

    /** Follows what was to be told already, so that its differences are right; one of a kind, for its size. */
    void offerGap(Snapshot snapshot) {
        lock.lock();
        try {
            if (due != Due.NO) {
                return;
            }
            boolean second = buffer.stream().anyMatch(delivery -> delivery.kind() == Kind.SNAPSHOT);
            int size = second ? BUFFER + 1 : Math.max(1, snapshot.differences().size());
            if (hasRoomFor(size)) {
                add(new Delivery(Kind.SNAPSHOT, size, () -> listener.onSnapshot(snapshot)));
            }
        } finally {
            lock.unlock();
        }
        inOrder.execute(this::tellNext);
    }

    /** What came in one message, revision by revision. */
    void offerChanges(List<Told> batch) {
        lock.lock();
        try {
            int size = batch.stream().mapToInt(told -> told.changes().size()).sum();
            if (due != Due.NO || !hasRoomFor(size)) {
                return;
            }
            for (Told told : batch) {
                add(new Delivery(
                        Kind.CHANGES,
                        told.changes().size(),
                        () -> listener.onChanges(told.revision(), told.changes())));
            }
        } finally {
            lock.unlock();
        }
        batch.forEach(told -> inOrder.execute(this::tellNext));
    }

    /** If not, everything but news is dropped, and a snapshot is due. With the lock held. */
    private boolean hasRoomFor(int size) {
        if (buffered == 0 || buffered + size <= BUFFER) {
            return true;
        }
        buffer.removeIf(next -> next.kind() != Kind.NEWS);
        buffered = 0;
        due = Due.BEHIND;
        dueCause = Cause.OVERFLOW;
        log.debug("{} '{}': a listener is behind by more than {} changes", recipe, prefix, BUFFER);
        return false;
    }

    void offerStale() {
        offerNews(listener::onStale);
    }

    void offerCurrent() {
        offerNews(listener::onCurrent);
    }

    void offerFailed(RecipeException why) {
        inOrder.execute(() -> ready.completeExceptionally(why));
        offerNews(() -> listener.onFailed(why));
    }

    /** Nothing more will come, since the view was closed under the listener. */
    void offerEnd() {
        neverReady();
        offerNews(listener::onEnd);
    }

    private void neverReady() {
        inOrder.execute(() -> ready.completeExceptionally(
                new RecipeException(recipe, prefix, "it was closed before etcd had been read", null)));
    }

    /** News that nobody has listened to yet are out of date when others come. */
    private void offerNews(Runnable call) {
        lock.lock();
        try {
            Delivery last = buffer.peekLast();
            if (last != null && last.kind() == Kind.NEWS) {
                buffer.removeLast();
            }
            add(new Delivery(Kind.NEWS, 0, call));
        } finally {
            lock.unlock();
        }
        inOrder.execute(this::tellNext);
    }

    /** With the lock held. */
    private void add(Delivery delivery) {
        if (!closed) {
            buffer.add(delivery);
            buffered += delivery.size();
        }
    }

    // The listener's side

    private void tellNext() {
        Delivery next;
        PrefixMirror behind = null;
        lock.lock();
        try {
            next = closed ? null : buffer.poll();
            if (next != null) {
                buffered -= next.size();
            } else if (due == Due.BEHIND && !closed) {
                due = Due.NOW;
                behind = mirror;
            }
        } finally {
            lock.unlock();
        }
        if (behind != null) {
            behind.resend(this);
        }
        if (next != null) {
            tell(next);
        }
    }

    private void tell(Delivery delivery) {
        try {
            delivery.call().run();
        } catch (RuntimeException | Error e) {
            log.error("{} '{}': the listener of a view failed", recipe, prefix, e);
        }
        if (delivery.kind() == Kind.SNAPSHOT) {
            ready.complete(null);
        }
    }

    @Override
    public CompletableFuture<Void> ready() {
        return ready;
    }

    @Override
    public void close() {
        Runnable leaving;
        lock.lock();
        try {
            closed = true;
            buffer.clear();
            leaving = leave;
            leave = null;
        } finally {
            lock.unlock();
        }
        if (leaving != null) {
            leaving.run();
        }
        neverReady();
    }
}
