/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The views of a connection, one for each prefix or key that anybody looks at. Thread-safe. */
final class PrefixViews {
    private final EtcdConnection connection;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<KeyRange, Shared> views = new HashMap<>(); // guarded by lock, like the counts

    /** A view and how many look at it. */
    private static final class Shared {
        final PrefixMirror mirror;
        int users;

        Shared(PrefixMirror mirror) {
            this.mirror = mirror;
        }
    }

    PrefixViews(EtcdConnection connection) {
        this.connection = connection;
    }

    /** Adds a subscriber to the view of its keys, which is opened if there is none. */
    void add(KeyRange range, ViewSubscriber subscriber) {
        PrefixMirror mirror;
        lock.lock();
        try {
            Shared shared = views.computeIfAbsent(range, key -> new Shared(new PrefixMirror(connection, key)));
            shared.users++;
            mirror = shared.mirror;
        } finally {
            lock.unlock();
        }
        subscriber.join(mirror, () -> remove(range, mirror, subscriber));
    }

    private void remove(KeyRange range, PrefixMirror mirror, ViewSubscriber subscriber) {
        mirror.remove(subscriber);
        boolean last;
        lock.lock();
        try {
            @Nullable Shared shared = views.get(range);
            last = shared != null && shared.mirror == mirror && --shared.users == 0;
        } finally {
            lock.unlock();
        }
        if (last && subscriber.linger().isZero()) {
            closeIfUnused(range, mirror);
        } else if (last) {
            connection.timing().schedule(subscriber.linger(), () -> closeIfUnused(range, mirror));
        }
    }

    private void closeIfUnused(KeyRange range, PrefixMirror mirror) {
        lock.lock();
        try {
            @Nullable Shared shared = views.get(range);
            if (shared == null || shared.mirror != mirror || shared.users > 0) {
                return;
            }
            views.remove(range);
        } finally {
            lock.unlock();
        }
        mirror.close();
    }

    void close() {
        List<Shared> all;
        lock.lock();
        try {
            all = List.copyOf(views.values());
            views.clear();
        } finally {
            lock.unlock();
        }
        all.forEach(shared -> shared.mirror.close());
    }
}
