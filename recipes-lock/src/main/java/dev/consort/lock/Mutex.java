/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Acquirable;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;

/**
 * A fair lock between processes, with a fencing token for each holder. Its keys are those of etcd's own Go package and
 * Lock service, so that Go programs and {@code etcdctl lock} share it. Thread-safe.
 *
 * <p><b>Guarantees.</b> At most one holder at any time in etcd; holders in the order in which they queued; tokens that
 * strictly increase; a holder is told when it loses the lock, before anybody else can be granted while the server
 * keeps its leases. Threads of one session exclude each other too: they share one place in the queue, which
 * they hand on among themselves up to 64 times or 100 ms while other processes wait.
 *
 * <p><b>Not guaranteed.</b> That a holder which was paused stops by itself: send the {@linkplain Grant#token() token}
 * with each write, or use the {@linkplain Grant#guard() guard}.
 *
 * <p><b>When the session is lost</b> the lock is lost, and waiting fails with
 * {@link dev.consort.core.SessionLostException}.
 *
 * <p>The algorithm is that of etcd's {@code client/v3/concurrency}, with a hand-over from holder to next waiter as in an
 * MCS lock (Mellor-Crummey and Scott, 1991) in place of its watches.
 */
public interface Mutex extends Acquirable<Grant> {
    /**
     * A mutex of a name. Costs nothing; any number for the same name and session are the same lock.
     *
     * @param session what the lock is bound to
     * @param name segments with single slashes between them, such as {@code orders/reindex}; must not nest with a name
     *     that this process uses at the same time
     * @return the mutex
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes
     */
    static Mutex create(Session session, String name) {
        return new EtcdMutex(session, name);
    }

    /**
     * The name of this lock.
     *
     * @return as it was given
     */
    String name();

    /**
     * This lock as {@link Lock}: owned by threads and reentrant. All views of one name on one session are one lock.
     *
     * <p>{@code unlock} throws {@link LockOwnershipLostException} if the lock was lost meanwhile, and {@link
     * IllegalMonitorStateException} if the calling thread does not own it. {@code newCondition} is not supported.
     *
     * @return a view
     */
    Lock asLock();

    /**
     * Who holds it, as etcd says now.
     *
     * @return empty if it is free
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    Optional<LockOwner> owner();

    /**
     * Who waits for it, in order, as etcd says now; a process counts once.
     *
     * @return without the holder
     * @throws dev.consort.core.RecipeException if etcd cannot be read
     */
    List<LockOwner> waiters();
}
