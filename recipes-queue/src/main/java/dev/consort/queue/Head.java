/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Reads the value of the first item of a queue, without taking it. */
final class Head {
    private final Store store;
    private final QueueLayout layout;
    private final String end;

    /**
     * The first of those before an end.
     *
     * @param end of the keys
     */
    Head(Store store, QueueLayout layout, String end) {
        this.store = store;
        this.layout = layout;
        this.end = end;
    }

    /** Reads its order first, and then which of that order is the first: it may be gone by then, and another one the first. */
    CompletableFuture<Optional<ByteString>> value() {
        return store.range(RangeRequest.newBuilder()
                        .setKey(store.key(layout.items()))
                        .setRangeEnd(store.key(end))
                        .setLimit(1)
                        .setKeysOnly(true)
                        .build())
                .thenCompose(first -> first.getKvsCount() == 0
                        ? CompletableFuture.completedFuture(Optional.empty())
                        : firstOf(first));
    }

    private CompletableFuture<Optional<ByteString>> firstOf(RangeResponse any) {
        String key = store.relative(any.getKvs(0).getKey()).toStringUtf8();
        String folder = key.substring(0, key.lastIndexOf('/') + 1);
        return store.range(RangeRequest.newBuilder()
                        .setKey(store.key(folder))
                        .setRangeEnd(store.key(QueueTxns.after(folder)))
                        .setSortTarget(RangeRequest.SortTarget.CREATE)
                        .setSortOrder(RangeRequest.SortOrder.ASCEND)
                        .setLimit(1)
                        .build())
                .thenCompose(of -> of.getKvsCount() == 0
                        ? value()
                        : CompletableFuture.completedFuture(
                                Optional.of(of.getKvs(0).getValue())));
    }
}
