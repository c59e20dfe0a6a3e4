/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.Grant;
import java.util.concurrent.CompletableFuture;

/**
 * Being the leader: a grant whose token is the term. Releasing or closing it resigns. Thread-safe.
 *
 * <p><b>When the session is lost</b> the leadership is lost, and proclaiming is refused.
 */
public interface Leadership extends Grant {
    /**
     * Changes the value that others read, as long as this is the leader. Bounded by the request timeout; keeps the
     * interrupt flag.
     *
     * @param value not empty
     * @return true if it was changed; false if this leadership has ended, and nothing was changed
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer in time
     */
    boolean proclaim(String value);

    /**
     * Changes the value without blocking; like {@link #proclaim(String)} otherwise, but waits for etcd as long as the
     * session lives.
     *
     * @param value not empty
     * @return completes on the session's executor
     */
    CompletableFuture<Boolean> proclaimAsync(String value);

    /**
     * Steps down: another word for {@link #release()}.
     *
     * @return true if this was the leader until now; false if leadership had been lost, or resigned before
     * @throws dev.consort.core.OutcomeUnknownException as {@link #release()}
     */
    default boolean resign() {
        return release();
    }
}
