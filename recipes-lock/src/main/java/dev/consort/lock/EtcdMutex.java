/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.core.internal.Acquirer;
import dev.consort.core.internal.ClaimReader;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.OwnerText;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Lock;

/** The mutex on the claim queue. Immutable. */
final class EtcdMutex implements Mutex, GrantLock.Source {
    static final String RECIPE = "Mutex";

    private final EtcdSession session;
    private final ClaimSpec spec;
    private final Acquirer<Grant> acquirer;

    EtcdMutex(Session session, String name) {
        EtcdSession ours = EtcdSession.of(session);
        this.session = ours;
        // Of the session, not of this: grants keep it.
        this.spec = new ClaimSpec(RECIPE, Names.checked(RECIPE, name, session), () -> OwnerText.of(ours.now()), false);
        this.acquirer = new Acquirer<>(ours, grant -> grant);
    }

    @Override
    public String name() {
        return spec.name();
    }

    @Override
    public Grant acquire() throws InterruptedException {
        return acquirer.acquire(spec);
    }

    @Override
    public Optional<Grant> tryAcquire() {
        return acquirer.tryAcquire(spec);
    }

    @Override
    public Optional<Grant> tryAcquire(Duration timeout) throws InterruptedException {
        return acquirer.tryAcquire(spec, timeout);
    }

    @Override
    public CompletableFuture<Grant> acquireAsync() {
        return acquirer.acquireAsync(spec);
    }

    @Override
    public <X extends Exception> boolean tryRun(Duration timeout, Action<? super Grant, X> action)
            throws InterruptedException, X {
        return acquirer.tryRun(spec, timeout, action);
    }

    @Override
    public Grant acquireUninterruptibly() {
        return acquirer.acquireUninterruptibly(spec);
    }

    @Override
    public boolean release(Grant grant) {
        return grant.release();
    }

    @Override
    public Lock asLock() {
        return new GrantLock(this, name(), session.holds());
    }

    @Override
    public Optional<LockOwner> owner() {
        return ClaimReader.read(session, spec, 1).stream().findFirst().map(LockOwner::of);
    }

    @Override
    public List<LockOwner> waiters() {
        return ClaimReader.read(session, spec, 0).stream()
                .skip(1)
                .map(LockOwner::of)
                .toList();
    }

    @Override
    public String toString() {
        return "Mutex '" + spec.name() + "'";
    }
}
