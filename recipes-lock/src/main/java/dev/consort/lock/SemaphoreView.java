/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A distributed semaphore as {@link Semaphore}. Thread-safe: what was acquired is guarded by a lock, never held while etcd is
 * asked.
 */
final class SemaphoreView extends Semaphore {
    private static final long serialVersionUID = 1L;

    private final transient EtcdSemaphore semaphore;
    private final transient Lock lock = new ReentrantLock();
    private final transient Deque<Permit> held = new ArrayDeque<>(); // guarded by lock

    SemaphoreView(EtcdSemaphore semaphore) {
        super(0, true);
        this.semaphore = semaphore;
    }

    private void keep(Permit permit) {
        lock.lock();
        try {
            held.add(permit);
        } finally {
            lock.unlock();
        }
    }

    private boolean keep(Optional<Permit> permit) {
        permit.ifPresent(this::keep);
        return permit.isPresent();
    }

    @Override
    public void acquire() throws InterruptedException {
        acquire(1);
    }

    @Override
    public void acquire(int permits) throws InterruptedException {
        keep(semaphore.acquire(permits));
    }

    @Override
    public void acquireUninterruptibly() {
        acquireUninterruptibly(1);
    }

    @Override
    public void acquireUninterruptibly(int permits) {
        keep(semaphore.acquireUninterruptibly(permits));
    }

    @Override
    public boolean tryAcquire() {
        return tryAcquire(1);
    }

    @Override
    public boolean tryAcquire(int permits) {
        return keep(semaphore.tryAcquire(permits));
    }

    @Override
    public boolean tryAcquire(long timeout, TimeUnit unit) throws InterruptedException {
        return tryAcquire(1, timeout, unit);
    }

    @Override
    public boolean tryAcquire(int permits, long timeout, TimeUnit unit) throws InterruptedException {
        return keep(semaphore.tryAcquire(permits, Duration.ofNanos(unit.toNanos(timeout))));
    }

    @Override
    public void release() {
        release(1);
    }

    @Override
    public void release(int permits) {
        taken(permits).forEach(Permit::close);
    }

    /** One that was acquired as just so many, or those that were acquired first and make up that number. */
    private List<Permit> taken(int permits) {
        EtcdSemaphore.checked(permits);
        lock.lock();
        try {
            List<Permit> taken = held.stream()
                    .filter(permit -> permit.permits() == permits)
                    .findFirst()
                    .map(List::of)
                    .orElseGet(() -> first(permits));
            held.removeAll(taken);
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private List<Permit> first(int permits) {
        List<Permit> first = new ArrayList<>();
        int left = permits;
        for (Permit permit : held) {
            if (permit.permits() <= left) {
                first.add(permit);
                left -= permit.permits();
            }
        }
        if (left > 0) {
            throw new IllegalMonitorStateException(permits + " permits of " + semaphore
                    + " cannot be released: those acquired by this view and not released are "
                    + held.stream().map(Permit::permits).toList() + ", each given back as a whole");
        }
        return first;
    }

    @Override
    public int availablePermits() {
        return semaphore.availablePermits();
    }

    @Override
    public int drainPermits() {
        Optional<Permit> drained = semaphore.drainPermits();
        drained.ifPresent(this::keep);
        return drained.map(Permit::permits).orElse(0);
    }

    @Override
    protected void reducePermits(int reduction) {
        throw new UnsupportedOperationException("the limit of " + semaphore + " is changed by setLimit");
    }

    @Override
    public String toString() {
        return semaphore + " as Semaphore";
    }
}
