/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Acquirable;
import dev.consort.core.Session;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/**
 * A fair counting semaphore between processes: at most so many permits are held at a time. Its limit is kept in etcd, one
 * for all processes. The ways of {@link Acquirable} are for one permit. Thread-safe.
 *
 * <p><b>Guarantees.</b> Never are more permits granted than the limit was at that moment. They are granted in the order in
 * which they were asked for, so one who wants many is not starved by those who want few. Several are granted together or
 * not at all. The permits of a holder whose session ends are free when etcd has noticed that; the holder is told before,
 * while the server keeps its leases. Threads of one session hand a permit on among themselves, without etcd, up to 64
 * times or 100 ms while other processes wait.
 *
 * <p><b>Not guaranteed.</b> That a holder which was paused stops by itself: use the {@linkplain Permit#guard() guard} for
 * writes in etcd. An order of tokens: several hold at a time. That a lowered limit takes permits from those who hold them.
 *
 * <p><b>When the session is lost</b> its permits are lost, and waiting fails with
 * {@link dev.consort.core.SessionLostException}.
 *
 * <p>The queue is one of claims in etcd, each of which is granted when those before it and it together do not ask for more
 * than the limit.
 */
public interface DistributedSemaphore extends Acquirable<Permit> {
    /** The most permits that a semaphore can have. */
    int MAX_PERMITS = 1_000_000;

    /**
     * A semaphore of a name and a limit, which is put in etcd if there is none yet: one request. Any number for the same
     * name and session are the same semaphore.
     *
     * @param session what its permits are bound to
     * @param name segments with single slashes between them, such as {@code import/workers}; must not nest with a name that
     *     this process uses at the same time, nor be that of another kind of lock
     * @param permits the limit, 1 to {@value #MAX_PERMITS}
     * @return the semaphore
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes, or the number is not within its range
     * @throws dev.consort.core.RecipeException if the semaphore has another limit in etcd
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     */
    static DistributedSemaphore create(Session session, String name, int permits) {
        return EtcdSemaphore.create(session, name, permits);
    }

    /**
     * A semaphore that exists, whatever its limit: one request.
     *
     * @param session what its permits are bound to
     * @param name its name
     * @return the semaphore
     * @throws IllegalArgumentException as for {@link #create}
     * @throws dev.consort.core.RecipeException if there is none in etcd
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     */
    static DistributedSemaphore open(Session session, String name) {
        return EtcdSemaphore.open(session, name);
    }

    /**
     * The name of this semaphore.
     *
     * @return as it was given
     */
    String name();

    /**
     * The limit, as etcd says now.
     *
     * @return how many permits there are
     * @throws dev.consort.core.RecipeException if etcd cannot be read, or the semaphore was deleted
     */
    int limit();

    /**
     * Changes the limit, for all processes. When it is raised, those who wait are let in; when it is lowered, who holds a
     * permit keeps it, and one who waits for more than there are now fails. A process that states the limit must state the
     * new one when it next starts.
     *
     * @param permits 1 to {@value #MAX_PERMITS}
     * @throws IllegalArgumentException if it is not within that range
     * @throws dev.consort.core.RecipeException if etcd refuses it, if the semaphore was deleted, or if somebody else made it
     *     another number at the same time
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout; it may be
     *     changed then, and to set it again does no harm
     */
    void setLimit(int permits);

    /**
     * Deletes it from etcd, if nobody holds a permit or waits for one.
     *
     * @return false if somebody does, and then it is as it was
     * @throws dev.consort.core.RecipeException as {@link #setLimit(int)}
     */
    boolean delete();

    /**
     * Waits until several permits are granted together.
     *
     * @param permits 1 to the limit
     * @return the grant, to be closed
     * @throws IllegalArgumentException if there are never so many by {@value #MAX_PERMITS}
     * @throws InterruptedException as {@link #acquire()}
     * @throws dev.consort.core.RecipeException also if there are fewer than asked for
     */
    Permit acquire(int permits) throws InterruptedException;

    /**
     * Takes several permits if they are free and nobody waits, without waiting.
     *
     * @param permits 1 to the limit
     * @return empty if they are not
     * @throws IllegalArgumentException as {@link #acquire(int)}
     * @throws dev.consort.core.RecipeException also if there are fewer than asked for
     */
    Optional<Permit> tryAcquire(int permits);

    /**
     * Waits until several permits are granted together, up to a timeout.
     *
     * @param permits 1 to the limit
     * @param timeout zero or less: as {@link #tryAcquire(int)}, but interruptible
     * @return empty if the timeout came first
     * @throws IllegalArgumentException as {@link #acquire(int)}
     * @throws InterruptedException as {@link #acquire()}
     * @throws dev.consort.core.RecipeException also if there are fewer than asked for
     */
    Optional<Permit> tryAcquire(int permits, Duration timeout) throws InterruptedException;

    /**
     * Acquires several permits without blocking, as {@link #acquireAsync()} does one.
     *
     * @param permits 1 to the limit
     * @return completes on the session's executor
     * @throws IllegalArgumentException as {@link #acquire(int)}
     */
    CompletableFuture<Permit> acquireAsync(int permits);

    /**
     * Takes all permits that are free now, together.
     *
     * @return empty if there is none
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    Optional<Permit> drainPermits();

    /**
     * How many permits are free, as etcd says now. It may be another number before the answer is here.
     *
     * @return zero also if the limit was lowered below what is held
     * @throws dev.consort.core.RecipeException if etcd cannot be read, or the semaphore was deleted
     */
    int availablePermits();

    /**
     * This semaphore as {@link Semaphore}, for code that wants one. The view remembers what was acquired through it, and
     * {@code release} gives back, of that, what was acquired first; permits that were acquired together are given back
     * together.
     *
     * <p>Other than of a {@code Semaphore}: {@code release} of more than was acquired through the view throws
     * {@link IllegalMonitorStateException}, and so does one of a part of what was acquired together; {@code hasQueuedThreads},
     * {@code getQueueLength} and {@code getQueuedThreads} know nobody; {@code drainPermits} counts as one acquisition; numbers
     * of permits are 1 or more, where a {@code Semaphore} takes 0 too.
     *
     * @return a view of its own
     */
    Semaphore asSemaphore();

    /**
     * Who holds permits, as etcd says now, in the order in which they were granted. After the limit was lowered, one that
     * holds more than it allows is listed as waiting until it has released them.
     *
     * @return one for each claim in etcd, of which a session has one for each grant
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    List<PermitOwner> holders();

    /**
     * Who waits for permits, in order, as etcd says now; a process counts once.
     *
     * @return without the holders
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    List<PermitOwner> waiters();
}
