/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Acquirable;
import dev.consort.core.Session;
import java.util.Collection;
import java.util.List;

/**
 * Several {@linkplain Mutex mutexes} at once, all or none: their claims are made in one transaction, and removed in one. It
 * is a mutex of each of its names, so it excludes each {@code Mutex} and {@code LeaderElection} of one of them, Go programs
 * and {@code etcdctl lock}. Thread-safe.
 *
 * <p><b>Guarantees.</b> Those of {@link Mutex} for each name. Whatever names overlap, in whatever order they are given, and
 * with threads that use single mutexes of the same names: no two wait for each other. It is held or not as a whole: who
 * loses one name has lost all, and the others are freed.
 *
 * <p><b>Not guaranteed.</b> Freedom from deadlock for those who wait for anything while they hold one of the names: take
 * all names that are needed in one {@code MultiMutex}. A waiting one keeps its place in all its queues, so it holds up those
 * behind it also for names that are free.
 *
 * <p><b>When the session is lost</b> all names are lost, and waiting fails with
 * {@link dev.consort.core.SessionLostException}.
 */
public interface MultiMutex extends Acquirable<MultiGrant> {
    /** The most names that one can have: each is put and its queue read in one transaction, which takes 128 operations. */
    int MAX_NAMES = EtcdMultiMutex.MAX_NAMES;

    /**
     * A mutex of several names. Costs nothing.
     *
     * @param session what it is bound to
     * @param names 1 to {@value #MAX_NAMES} different names as a {@link Mutex} has them, of which none nests with another;
     *     together not more than 65,536 bytes; their order does not matter
     * @return the mutex
     * @throws IllegalArgumentException if there is none, or too many, or one twice, or if one of them is no name, nests
     *     with another one, or all are too long together
     */
    static MultiMutex create(Session session, Collection<String> names) {
        return new EtcdMultiMutex(session, names);
    }

    /**
     * The names.
     *
     * @return in their natural order
     */
    List<String> names();
}
