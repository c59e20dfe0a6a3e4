/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Acquirable;
import dev.consort.core.Grant;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The ways to acquire one thing. Thread-safe. */
public final class BoundAcquirer<G extends Grant> implements Acquirable<G> {
    private final Acquirer<G> acquirer;
    private final ClaimSpec spec;

    /** Of what a spec names. */
    public BoundAcquirer(Acquirer<G> acquirer, ClaimSpec spec) {
        this.acquirer = acquirer;
        this.spec = spec;
    }

    @Override
    public G acquire() throws InterruptedException {
        return acquirer.acquire(spec);
    }

    /** Waits until granted, whatever interrupts come. */
    public G acquireUninterruptibly() {
        return acquirer.acquireUninterruptibly(spec);
    }

    @Override
    public Optional<G> tryAcquire() {
        return acquirer.tryAcquire(spec);
    }

    @Override
    public Optional<G> tryAcquire(Duration timeout) throws InterruptedException {
        return acquirer.tryAcquire(spec, timeout);
    }

    @Override
    public CompletableFuture<G> acquireAsync() {
        return acquirer.acquireAsync(spec);
    }

    @Override
    public <X extends Exception> boolean tryRun(Duration timeout, Action<? super G, X> action)
            throws InterruptedException, X {
        return acquirer.tryRun(spec, timeout, action);
    }

    @Override
    public String toString() {
        return spec.recipe() + " '" + spec.name() + "' " + spec.mode();
    }
}
