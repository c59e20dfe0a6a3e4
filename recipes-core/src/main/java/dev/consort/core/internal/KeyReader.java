/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.PrefixView.Entry;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Reads several keys at one revision. Thread-safe. */
public final class KeyReader {
    private KeyReader() {}

    /**
     * What was read.
     *
     * @param revision of the store, at which all of it is true
     * @param entries one for each key, in the order in which they were asked for; empty for one that is absent
     */
    public record Reading(long revision, List<Optional<Entry>> entries) {}

    /**
     * Reads within the request timeout.
     *
     * @param keys as the user knows them
     * @return completes on gRPC's transport thread, exceptionally with a {@link RecipeException}
     */
    public static CompletableFuture<Reading> read(EtcdConnection connection, String recipe, ByteString... keys) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (ByteString key : keys) {
            txn.addSuccess(ClaimTxns.op(ClaimTxns.key(connection.key(key))));
        }
        CompletableFuture<Reading> result = new CompletableFuture<>();
        Completion.of(SnapshotReads.send(connection, txn.build()), (response, failure) -> {
            if (failure == null) {
                result.complete(reading(connection, response));
            } else {
                result.completeExceptionally(connection.failure(
                        recipe, keys[0].toStringUtf8(), connection.requestTimeout(), (CallFailure) failure));
            }
        });
        return result;
    }

    /** What the ranges of an answer have read, one key each. */
    public static Reading reading(EtcdConnection connection, TxnResponse response) {
        return new Reading(
                response.getHeader().getRevision(),
                response.getResponsesList().stream()
                        .filter(op -> op.hasResponseRange())
                        .map(op -> op.getResponseRange().getKvsList().stream()
                                .findFirst()
                                .map(kv -> Entry.of(connection, kv)))
                        .toList());
    }
}
