/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Who has made a grant, and takes it back.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
interface Grantor {
    /** The holder gives its grant back; {@code clean} is false if a copy of a guarded write of it may still land. */
    CompletableFuture<Boolean> close(EtcdGrant grant, boolean clean);

    /** etcd has refused a guarded write: it is to be found out why. */
    void recheck();

    /** Another grant in the place of one that nobody uses meanwhile, without a gap; empty if that cannot be had. */
    default CompletableFuture<Optional<EtcdGrant>> exchange(EtcdGrant grant, ClaimSpec other) {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    /** Gives a grant to a chosen claim, which is right behind; false if that one is gone, and the grant stays. */
    default CompletableFuture<Boolean> passOn(EtcdGrant grant, QueuedClaim chosen, List<QueuedClaim> next) {
        return CompletableFuture.completedFuture(false);
    }

    /** Changes the value of the claim that a grant stands for. */
    CompletableFuture<Boolean> rewrite(EtcdGrant grant, ByteString value);
}
