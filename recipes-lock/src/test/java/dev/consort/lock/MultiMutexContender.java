/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Acquirable;
import dev.consort.core.Grant;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** A name by turns as a single mutex, and together with others before and after it; to be stressed. Thread-safe. */
final class MultiMutexContender extends SessionContender {
    private final AtomicInteger turns = new AtomicInteger();

    MultiMutexContender(Client client, Duration ttl) {
        super(client, ttl);
    }

    MultiMutexContender(Client client, VirtualClock clock, Duration ttl) {
        super(client, clock, ttl);
    }

    private Acquirable<? extends Grant> next(String name) {
        int file = name.lastIndexOf('/') + 1;
        String before = name.substring(0, file) + "0" + name.substring(file);
        String after = name + "-z";
        return switch (turns.getAndIncrement() % 4) {
            case 0 -> MultiMutex.create(session, List.of(after, name));
            case 1 -> Mutex.create(session, name);
            case 2 -> MultiMutex.create(session, List.of(name, before));
            default -> MultiMutex.create(session, List.of(after, name, before));
        };
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        CompletableFuture<? extends Grant> grant = next(name).acquireAsync();
        return new Queued(grant.thenApply(GrantTenure::new), () -> grant.cancel(false));
    }

    @Override
    public Optional<GrantTenure> tryAcquire(String name, String value) {
        return next(name).tryAcquire().map(GrantTenure::new);
    }

    @Override
    public Optional<GrantTenure> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        return next(name).tryAcquire(timeout).map(GrantTenure::new);
    }
}
