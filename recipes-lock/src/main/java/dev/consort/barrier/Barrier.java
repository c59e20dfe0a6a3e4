/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.Grant;
import dev.consort.core.Session;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Something that one process holds closed, and any number wait to be opened. Thread-safe.
 *
 * <p><b>Guarantees.</b> At most one holds it at any time in etcd; only that one can release it, by its grant. Nobody who waits
 * passes while the hold lasts that it found; everybody passes when it ends, and is told whether it was released or its holder's
 * session ended. A hold has a fencing token and a guard like a lock's.
 *
 * <p><b>Not guaranteed.</b> That it is open when who waited comes to look: it may be held again.
 *
 * <p><b>When the session is lost</b> of who holds it, the hold ends with the lease and its waiters pass with {@link
 * Passage#HOLDER_LOST}; of who waits, that one fails with {@link dev.consort.core.SessionLostException}.
 */
public interface Barrier {
    /** How one who waited came to pass. */
    enum Passage {
        /** Nobody held it. */
        WAS_OPEN,
        /** Its holder released it, or somebody deleted its key. */
        RELEASED,
        /** The session of its holder ended, by its loss or in order. */
        HOLDER_LOST
    }

    /**
     * A barrier of a name. Costs nothing; any number for the same name are the same barrier, and share their queue with a lock
     * of that name.
     *
     * @param session what holding and waiting are bound to
     * @param name segments with single slashes between them, such as {@code schema/migration}; must not nest with a name
     *     that this process uses at the same time
     * @return the barrier
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes
     */
    static Barrier create(Session session, String name) {
        return new EtcdBarrier(session, name);
    }

    /**
     * The name of this barrier.
     *
     * @return as it was given
     */
    String name();

    /**
     * Holds it closed if it is open, without waiting for a holder; with etcd out of reach it waits for the request timeout.
     *
     * @return the hold, to be released; empty if somebody holds it or waits to hold it
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     * @throws dev.consort.core.SessionLostException if the session is or becomes lost or closed
     */
    Optional<Grant> tryHold();

    /**
     * Holds it closed, and waits up to a timeout for one that holds it.
     *
     * @param timeout zero or less: as {@link #tryHold()}, but interruptible
     * @return empty if the timeout came first
     * @throws InterruptedException if interrupted before or while waiting
     * @throws dev.consort.core.SessionLostException as {@link #tryHold()}
     */
    Optional<Grant> tryHold(Duration timeout) throws InterruptedException;

    /**
     * Holds it closed, without blocking, after those that hold it or wait to. However the returned future is completed by
     * somebody else, nothing is held.
     *
     * @return completes on the session's executor
     */
    CompletableFuture<Grant> holdAsync();

    /**
     * Waits until the hold ends that is in force now; passes at once if there is none.
     *
     * @return how it ended
     * @throws InterruptedException if interrupted before or while waiting
     * @throws dev.consort.core.SessionLostException if the own session is or becomes lost or closed
     * @throws dev.consort.core.RecipeException if etcd refuses it, or a key below the name is none of a barrier's
     */
    Passage await() throws InterruptedException;

    /**
     * Waits until the hold ends that is in force now, up to a timeout.
     *
     * @param timeout zero or less: does not wait
     * @return empty if the timeout came first
     * @throws InterruptedException as {@link #await()}
     * @throws dev.consort.core.SessionLostException as {@link #await()}
     * @throws dev.consort.core.EtcdUnavailableException if the timeout is zero or less and etcd does not answer within the
     *     request timeout
     */
    Optional<Passage> await(Duration timeout) throws InterruptedException;

    /**
     * Waits without blocking. To complete the returned future otherwise ends the wait.
     *
     * @return completes on the session's executor
     */
    CompletableFuture<Passage> awaitAsync();
}
