/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The views of a connection, one for each prefix that anybody looks at. Thread-safe. */
final class PrefixViews {
    private final EtcdConnection connection;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<ByteString, Shared> views = new HashMap<>(); // guarded by lock, like the counts

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

    /** Adds a subscriber to the view of its prefix, which is opened if there is none. */
    void add(ByteString prefix, ViewSubscriber subscriber) {
        PrefixMirror mirror;
        lock.lock();
        try {
            Shared shared = views.computeIfAbsent(prefix, key -> new Shared(new PrefixMirror(connection, key)));
            shared.users++;
            mirror = shared.mirror;
        } finally {
            lock.unlock();
        }
        subscriber.join(mirror, () -> remove(prefix, mirror, subscriber));
    }

    private void remove(ByteString prefix, PrefixMirror mirror, ViewSubscriber subscriber) {
        mirror.remove(subscriber);
        boolean last;
        lock.lock();
        try {
            @Nullable Shared shared = views.get(prefix);
            last = shared != null && shared.mirror == mirror && --shared.users == 0;
        } finally {
            lock.unlock();
        }
        if (last && subscriber.linger().isZero()) {
            closeIfUnused(prefix, mirror);
        } else if (last) {
            connection.timing().schedule(subscriber.linger(), () -> closeIfUnused(prefix, mirror));
        }
    }

    private void closeIfUnused(ByteString prefix, PrefixMirror mirror) {
        lock.lock();
        try {
            @Nullable Shared shared = views.get(prefix);
            if (shared == null || shared.mirror != mirror || shared.users > 0) {
                return;
            }
            views.remove(prefix);
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
