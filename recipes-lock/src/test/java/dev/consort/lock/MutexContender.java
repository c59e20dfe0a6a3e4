/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Grant;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The mutex, to be stressed. Thread-safe. */
final class MutexContender extends SessionContender {
    MutexContender(Client client, Duration ttl) {
        super(client, ttl);
    }

    MutexContender(Client client, VirtualClock clock, Duration ttl) {
        super(client, clock, ttl);
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        CompletableFuture<Grant> grant = Mutex.create(session, name).acquireAsync();
        return new Queued(grant.thenApply(GrantTenure::new), () -> grant.cancel(false));
    }

    @Override
    public Optional<GrantTenure> tryAcquire(String name, String value) {
        return Mutex.create(session, name).tryAcquire().map(GrantTenure::new);
    }

    @Override
    public Optional<GrantTenure> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        return Mutex.create(session, name).tryAcquire(timeout).map(GrantTenure::new);
    }
}
