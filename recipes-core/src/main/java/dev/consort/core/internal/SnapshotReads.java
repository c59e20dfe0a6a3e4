/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.common.base.Preconditions;
import dev.consort.core.RecipeException;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Reads of several keys and ranges in one request, which etcd answers as they are at one revision. */
public final class SnapshotReads {
    private SnapshotReads() {}

    /**
     * Sends a transaction that compares and reads, and writes nothing in either branch: etcd answers it like a read, without a
     * commit. Bounded by the request timeout; retried, for it may be answered any number of times; linearizable.
     */
    public static CompletableFuture<TxnResponse> send(EtcdConnection connection, TxnRequest reads) {
        Preconditions.checkArgument(
                Stream.concat(reads.getSuccessList().stream(), reads.getFailureList().stream())
                        .allMatch(RequestOp::hasRequestRange),
                "a transaction that does more than read must not be sent twice");
        Calls calls = connection.calls();
        return calls.untilAnswered(reads, calls.forTheRequestTimeout());
    }

    /** Whether a read failed since its revision is compacted by now, or etcd was set back to before it. */
    public static boolean isRevisionGone(RecipeException failure) {
        return failure.getCause() instanceof CallFailure call && call.code() == Status.Code.OUT_OF_RANGE;
    }
}
