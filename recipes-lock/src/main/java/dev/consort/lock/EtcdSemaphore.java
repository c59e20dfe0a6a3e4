/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import com.google.protobuf.ByteString;
import dev.consort.core.Acquirable;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.internal.Acquirer;
import dev.consort.core.internal.ClaimReader;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.OwnerText;
import dev.consort.core.internal.SemaphoreLimit;
import dev.consort.core.internal.StoredClaim;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/** The semaphore on the claim queue. Immutable. */
final class EtcdSemaphore implements DistributedSemaphore {
    private static final String RECIPE = "DistributedSemaphore";

    /** Others may take what was seen to be free. */
    private static final int DRAIN_ATTEMPTS = 8;

    private final EtcdSession session;
    private final String name;
    private final Supplier<ByteString> owner;
    private final SemaphoreLimit limit;

    private EtcdSemaphore(Session session, String name) {
        this.session = EtcdSession.of(session);
        this.name = Names.checked(RECIPE, name, session);
        this.owner = () -> OwnerText.of(this.session.now());
        this.limit = new SemaphoreLimit(this.session, RECIPE, name);
    }

    static EtcdSemaphore create(Session session, String name, int permits) {
        EtcdSemaphore semaphore = new EtcdSemaphore(session, name);
        int inEtcd = semaphore.limit.stated(checked(permits));
        if (inEtcd != permits) {
            throw semaphore.failure("its limit in etcd is " + inEtcd + ", and " + permits + " was stated; state "
                    + inEtcd + ", or change it by setLimit for all processes");
        }
        return semaphore;
    }

    static EtcdSemaphore open(Session session, String name) {
        EtcdSemaphore semaphore = new EtcdSemaphore(session, name);
        int unused = semaphore.limit();
        return semaphore;
    }

    static int checked(int permits) {
        if (permits < 1 || permits > MAX_PERMITS) {
            throw new IllegalArgumentException("permits " + permits + " is not within 1.." + MAX_PERMITS);
        }
        return permits;
    }

    private RecipeException failure(String message) {
        return new RecipeException(RECIPE, name, message, null);
    }

    private ClaimSpec spec(int permits) {
        return ClaimSpec.permits(RECIPE, name, owner, checked(permits));
    }

    private Acquirer<Permit> acquirer(int permits) {
        return new Acquirer<>(session, grant -> new EtcdPermit(grant, permits));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int limit() {
        return limited(limit.read().limit());
    }

    private int limited(OptionalInt read) {
        return read.orElseThrow(() -> failure("there is no such semaphore in etcd; create it by stating its limit"));
    }

    @Override
    public void setLimit(int permits) {
        limit.change(checked(permits));
    }

    @Override
    public boolean delete() {
        return limit.delete();
    }

    @Override
    public Permit acquire() throws InterruptedException {
        return acquire(1);
    }

    @Override
    public Permit acquire(int permits) throws InterruptedException {
        return acquirer(permits).acquire(spec(permits));
    }

    Permit acquireUninterruptibly(int permits) {
        return acquirer(permits).acquireUninterruptibly(spec(permits));
    }

    @Override
    public Optional<Permit> tryAcquire() {
        return tryAcquire(1);
    }

    @Override
    public Optional<Permit> tryAcquire(int permits) {
        return acquirer(permits).tryAcquire(spec(permits));
    }

    @Override
    public Optional<Permit> tryAcquire(Duration timeout) throws InterruptedException {
        return tryAcquire(1, timeout);
    }

    @Override
    public Optional<Permit> tryAcquire(int permits, Duration timeout) throws InterruptedException {
        return acquirer(permits).tryAcquire(spec(permits), timeout);
    }

    @Override
    public CompletableFuture<Permit> acquireAsync() {
        return acquireAsync(1);
    }

    @Override
    public CompletableFuture<Permit> acquireAsync(int permits) {
        return acquirer(permits).acquireAsync(spec(permits));
    }

    @Override
    public <X extends Exception> boolean tryRun(Duration timeout, Acquirable.Action<? super Permit, X> action)
            throws InterruptedException, X {
        return acquirer(1).tryRun(spec(1), timeout, action);
    }

    @Override
    public Optional<Permit> drainPermits() {
        Optional<Permit> drained = Optional.empty();
        for (int attempt = 0; attempt < DRAIN_ATTEMPTS && drained.isEmpty(); attempt++) {
            int available = availablePermits();
            if (available == 0) {
                break;
            }
            drained = tryAcquire(available);
        }
        return drained;
    }

    @Override
    public int availablePermits() {
        SemaphoreLimit.Use use = limit.read();
        int unused = limited(use.limit());
        return use.free();
    }

    @Override
    public Semaphore asSemaphore() {
        return new SemaphoreView(this);
    }

    @Override
    public List<PermitOwner> holders() {
        return ClaimReader.granted(session, spec(1)).stream()
                .map(EtcdSemaphore::owner)
                .toList();
    }

    @Override
    public List<PermitOwner> waiters() {
        return ClaimReader.waiting(session, spec(1)).stream()
                .map(EtcdSemaphore::owner)
                .toList();
    }

    private static PermitOwner owner(StoredClaim claim) {
        return new PermitOwner(LockOwner.of(claim), SemaphoreLimit.permits(claim));
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name + "'";
    }
}
