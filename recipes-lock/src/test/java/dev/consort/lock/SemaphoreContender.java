/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.RecipeException;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A semaphore of one permit, to be stressed. Thread-safe. */
final class SemaphoreContender extends SessionContender {
    SemaphoreContender(Client client, VirtualClock clock, Duration ttl) {
        super(client, clock, ttl);
    }

    @Override
    public List<String> claims(String name) {
        String claim = name + "/permits:" + Long.toHexString(leaseId());
        return List.of(claim + ":0:1", claim + ":1:1");
    }

    /** With one permit it is a mutex. */
    private DistributedSemaphore semaphore(String name) {
        return DistributedSemaphore.create(session, name, 1);
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        CompletableFuture<Permit> permit;
        try {
            permit = semaphore(name).acquireAsync();
        } catch (RecipeException e) {
            permit = CompletableFuture.failedFuture(e);
        }
        CompletableFuture<Permit> wanted = permit;
        return new Queued(wanted.thenApply(GrantTenure::new), () -> wanted.cancel(false));
    }

    @Override
    public Optional<GrantTenure> tryAcquire(String name, String value) {
        return semaphore(name).tryAcquire().map(GrantTenure::new);
    }

    @Override
    public Optional<GrantTenure> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        return semaphore(name).tryAcquire(timeout).map(GrantTenure::new);
    }
}
