/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Leases;
import dev.consort.core.internal.Store;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The leases with which ids of offers are remembered for a window. Many ids share one: it lasts for two windows, and is given
 * out during the first, so that each id stands for one at least, and a process grants one in each window in which it offers
 * by id. They are not revoked: ids are to be remembered when whoever offered is gone. Thread-safe.
 */
final class IdLeases {
    private final EtcdConnection connection;
    private final Leases leases;
    private final Duration window;
    private final Duration ttl;
    private final AtomicReference<@Nullable Shared> shared = new AtomicReference<>();

    /**
     * A lease that was asked for.
     *
     * @param since when, by the monotonic clock
     * @param granted completes with its id
     */
    private record Shared(long id, long since, CompletableFuture<Long> granted) {}

    IdLeases(Store store, String name, Duration window) {
        this.connection = store.connection();
        this.leases = new Leases(connection, store.recipe(), name);
        this.window = window;
        // What is sent as the first window ends may be applied a request timeout later, and etcd counts whole seconds.
        this.ttl = window.multipliedBy(2).plus(connection.requestTimeout()).plusSeconds(1);
    }

    /** One that lasts for a window and a request timeout at least; fails as {@link Leases#grant} does. */
    CompletableFuture<Long> current() {
        Shared now = shared.get();
        if (now != null && isOfUse(now)) {
            return now.granted();
        }
        Shared next = new Shared(Leases.freshId(), connection.timing().nanoTime(), new CompletableFuture<>());
        if (!shared.compareAndSet(now, next)) {
            return current();
        }
        var unused = leases.grant(next.id(), ttl).whenComplete((granted, failure) -> {
            if (failure == null) {
                next.granted().complete(next.id());
            } else {
                next.granted().completeExceptionally(failure);
            }
        });
        return next.granted();
    }

    private boolean isOfUse(Shared lease) {
        return !lease.granted().isCompletedExceptionally()
                && connection.timing().nanoTime() - lease.since() < window.toNanos();
    }

    /** It is known to be gone: whoever asks next is given another one. */
    void lost(long id) {
        Shared now = shared.get();
        if (now != null && now.id() == id) {
            shared.compareAndSet(now, null);
        }
    }
}
