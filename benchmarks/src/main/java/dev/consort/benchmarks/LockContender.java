/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Participants that lock and unlock, and a check that the lock excludes: the rate of one that does not is void. */
public final class LockContender implements Contender {
    // While it warms up, some hold the lock for long enough that another holder must be noticed.
    private static final int ONE_IN = 16;
    private static final long HOLD_NANOS = 1_000_000;

    private final List<Locker> lockers;
    private final List<AtomicInteger> inside;
    private final int most; // that may hold it at once
    private volatile boolean warmingUp = true; // cleared by the measuring thread after the first round

    private LockContender(List<Locker> lockers, List<AtomicInteger> inside) {
        this(lockers, inside, 1);
    }

    private LockContender(List<Locker> lockers, List<AtomicInteger> inside, int most) {
        this.most = most;
        this.lockers = lockers;
        this.inside = inside;
    }

    /** All on one name. */
    public static LockContender onOneName(int participants, Supplier<Locker> each) {
        List<Locker> lockers = Together.open(participants, i -> each.get());
        return new LockContender(lockers, Collections.nCopies(participants, new AtomicInteger()));
    }

    /** All on one semaphore. */
    public static LockContender onOneSemaphore(int participants, int permits, Supplier<Locker> each) {
        List<Locker> lockers = Together.open(participants, i -> each.get());
        return new LockContender(lockers, Collections.nCopies(participants, new AtomicInteger()), permits);
    }

    /** Threads that share what they lock by. */
    public static LockContender ofThreads(int threads, Locker shared) {
        return new LockContender(
                Collections.nCopies(threads, shared), Collections.nCopies(threads, new AtomicInteger()));
    }

    /** Each on a name of its own. */
    public static LockContender onOwnNames(int participants, String name, Function<String, Locker> each) {
        List<Locker> lockers = Together.open(participants, i -> each.apply(name + "/" + i));
        return new LockContender(
                lockers, Stream.generate(AtomicInteger::new).limit(participants).toList());
    }

    @Override
    public int participants() {
        return lockers.size();
    }

    @Override
    public int operate(int participant) throws InterruptedException {
        AtomicInteger holders = inside.get(participant);
        lockers.get(participant).locked(() -> {
            if (holders.incrementAndGet() > most) {
                throw new IllegalStateException("more than " + most + " hold the lock");
            }
            if (warmingUp && ThreadLocalRandom.current().nextInt(ONE_IN) == 0) {
                LockSupport.parkNanos(HOLD_NANOS);
            }
            holders.decrementAndGet();
        });
        return 1;
    }

    @Override
    public void settle() {
        warmingUp = false;
    }

    @Override
    public void close() {
        Together.close(Set.copyOf(lockers));
    }
}
