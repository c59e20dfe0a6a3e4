/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * All in this process that want one name through one session, in front of the claims that they share.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
interface LocalQueue {
    void enqueue(Waiter waiter);

    /** Removes a waiter; one that was granted meanwhile keeps its grant. */
    void withdraw(Waiter waiter);

    void onMessage(Message message);

    /** A claim of ours was found that nobody here knows. */
    void removeGhost(QueueKeys keys, long revision);

    /** Messages may have been lost. */
    void recheck();

    void sessionEnded(LossReason reason);

    // For the grants that it made

    /** The holder gives its grant back; {@code clean} is false if a copy of a guarded write of it may still land. */
    CompletableFuture<Boolean> close(EtcdGrant grant, boolean clean);

    /** Another grant in the place of one that nobody uses meanwhile, without a gap; empty if that cannot be had. */
    CompletableFuture<Optional<EtcdGrant>> exchange(EtcdGrant grant, ClaimSpec other);

    /** Changes the value of the claim that a grant stands for. */
    CompletableFuture<Boolean> rewrite(EtcdGrant grant, ByteString value);
}
