/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.election.Membership.Roster;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * An observer's place before a group: made by {@link Membership#observe(java.util.function.Consumer)}, ended by {@link
 * #close()} or with its connection. Thread-safe.
 */
public interface MembershipObservation extends AutoCloseable {
    /**
     * The group as the listener was told last. Asks nobody: costs no request, and may be out of date by the time that it
     * takes etcd to tell.
     *
     * @return empty before the first report
     */
    Optional<Roster> roster();

    /**
     * Whether etcd is heard of: false before the first report, and while the connection to etcd is down or etcd has no
     * quorum. What was reported stands meanwhile, and may be out of date.
     *
     * @return true while changes are told as they come
     */
    boolean isCurrent();

    /**
     * Completes when the listener has been told for the first time; exceptionally with a {@link
     * dev.consort.core.RecipeException} if etcd refuses to be read, such as for want of permission, in which case it is
     * asked again from time to time all the same, or if this or its connection is closed before.
     *
     * @return a stage of its own for each call; completes on the executor of the listener
     */
    CompletionStage<Void> ready();

    /**
     * Ends it. A call of the listener that has begun goes on; after this no other one begins. May be called by the
     * listener. Idempotent; does not wait.
     */
    @Override
    void close();
}
