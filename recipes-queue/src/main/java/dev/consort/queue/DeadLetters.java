/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.util.List;

/**
 * The items of a queue that could not be read, or whose work failed too often. They stay until somebody decides: deliver them once
 * more, or delete them.
 *
 * <p>This interface is not for users to implement. Thread-safe. Calls are bounded by the request timeout and keep the interrupt
 * flag; they need a connection, and no session.
 */
public interface DeadLetters {
    /**
     * The first ones, in the order in which the items were in the queue.
     *
     * @param most 1 to 1,000
     * @return a copy
     * @throws IllegalArgumentException if {@code most} is out of range
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     */
    List<DeadLetter> list(int most);

    /**
     * How many there are. Etcd looks at each of them to tell.
     *
     * @return zero or more
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     */
    long size();

    /**
     * Puts one back where it was in its queue, as if it had never been delivered.
     *
     * @param id from {@link #list}
     * @return whether it was put back; false if it is none, or none any more
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout: try again
     */
    boolean requeue(String id);

    /**
     * Deletes one.
     *
     * @param id from {@link #list}
     * @return whether it was deleted; false if it is none, or none any more
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout: try again
     */
    boolean purge(String id);
}
