/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Acquirable;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import java.util.List;
import java.util.Optional;

/**
 * A fair lock between processes that readers share and a writer has alone, with a fencing token for each grant.
 * Thread-safe.
 *
 * <p><b>Guarantees.</b> A writer excludes everybody else. Readers and writers are granted in the order in which they
 * queued: readers that come behind a waiting writer wait for it, so none starves. Writers' tokens strictly increase; a
 * reader's token lies above those of the writers before it, and below those of the writers after it. A holder is told
 * when it loses the lock, before anybody whom it excludes can be granted while the server keeps its leases. Readers of one
 * session share one place in the queue, and its writers another one that they hand on: while others wait for it, up to 64
 * times or 100 ms.
 *
 * <p><b>Not guaranteed.</b> That a holder which was paused stops by itself: send the {@linkplain Grant#token() token}
 * with each write, or use the {@linkplain Grant#guard() guard}. Tokens of readers among themselves are unique, not ordered.
 *
 * <p><b>When the session is lost</b> the lock is lost, and waiting fails with
 * {@link dev.consort.core.SessionLostException}.
 *
 * <p>The queue is one of claims in etcd, of which a reader's is granted when no writer's is before it, and a writer's when
 * it is the first; who leaves tells those whom that lets in.
 */
public interface ReadWriteLock {
    /**
     * A read-write lock of a name. Costs nothing; any number for the same name and session are the same lock.
     *
     * @param session what the lock is bound to
     * @param name segments with single slashes between them, such as {@code orders/prices}; must not nest with a name that
     *     this process uses at the same time, nor be that of a mutex or an election
     * @return the lock
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes
     */
    static ReadWriteLock create(Session session, String name) {
        return new EtcdReadWriteLock(session, name);
    }

    /**
     * The name of this lock.
     *
     * @return as it was given
     */
    String name();

    /**
     * For those who share it.
     *
     * @return the same at each call
     */
    Acquirable<Grant> readLock();

    /**
     * For those who have it alone.
     *
     * @return the same at each call
     */
    Acquirable<Grant> writeLock();

    /**
     * Makes a writer a reader, without a gap in which another writer could be granted; readers that are not behind another
     * writer are let in. The write grant is over, and its guard refuses.
     *
     * @param write a grant of {@link #writeLock()}, which nobody else uses meanwhile
     * @return a grant to read, with a higher token; empty if the write grant had been released or lost
     * @throws IllegalArgumentException if it is no write grant of this lock
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within two request timeouts; what comes of it
     *     is released
     */
    Optional<Grant> downgrade(Grant write);

    /**
     * Makes a reader a writer, if nobody else reads or waits, here or elsewhere. Never waits for others: two readers that
     * did so would wait for each other.
     *
     * @param read a grant of {@link #readLock()}, which nobody else uses meanwhile
     * @return a grant to write, and then the read grant is over; empty if the reader is not alone, or had been downgraded
     *     from a writer, and then it goes on reading; empty also if the read grant had been released or lost
     * @throws IllegalArgumentException if it is no read grant of this lock
     * @throws dev.consort.core.OutcomeUnknownException as {@link #downgrade(Grant)}
     */
    Optional<Grant> tryUpgrade(Grant read);

    /**
     * This lock as {@link java.util.concurrent.locks.ReadWriteLock}: owned by threads and reentrant. All views of one name
     * on one session are one lock.
     *
     * <p>A thread that holds the write lock may take the read lock, and keeps it when it unlocks the write lock. One that
     * holds only the read lock gets an {@link IllegalMonitorStateException} when it asks for the write lock, for it would
     * wait for itself; {@code tryLock} says false. {@code unlock} is as {@link Mutex#asLock()} says; {@code newCondition} is
     * not supported.
     *
     * @return a view
     */
    java.util.concurrent.locks.ReadWriteLock asReadWriteLock();

    /**
     * Who holds it, as etcd says now; a process counts once.
     *
     * @return a writer, or readers, or nobody
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    List<LockOwner> holders();

    /**
     * Who waits for it, in order, as etcd says now; a process counts once for its readers, and once for its writers.
     *
     * @return without the holders
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    List<LockOwner> waiters();
}
