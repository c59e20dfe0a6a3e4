/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.internal.PrefixView.Entry;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * Reads all keys of a prefix, or a single one, as they are at one revision, for a view. A compaction between two pages starts it over.
 *
 * <p>Concurrency: one request at a time, each sent when the one before was answered.
 */
final class PrefixReader {
    private final EtcdConnection connection;
    private final KeyRange range;
    private final BooleanSupplier wanted;
    private final CompletableFuture<Reading> result = new CompletableFuture<>();
    private final List<Entry> entries = new ArrayList<>();
    private PageCursor cursor;
    private int startedOver;

    private PrefixReader(EtcdConnection connection, KeyRange range, BooleanSupplier wanted) {
        this.connection = connection;
        this.range = range;
        this.wanted = wanted;
        this.cursor = new PageCursor(range);
    }

    /**
     * What was read.
     *
     * @param revision of the store, at which all of it is true
     * @param entries in the order of keys
     */
    record Reading(long revision, List<Entry> entries) {}

    /**
     * Reads until answered, refused, or no longer wanted.
     *
     * @return completes on gRPC's transport thread, exceptionally with a {@link CallFailure}
     */
    static CompletableFuture<Reading> read(EtcdConnection connection, KeyRange range, BooleanSupplier wanted) {
        PrefixReader reader = new PrefixReader(connection, range, wanted);
        reader.readPage();
        return reader.result;
    }

    private void readPage() {
        Completion.of(connection.calls().range(cursor.request(), wanted), (page, failure) -> {
            if (failure == null) {
                onPage(page);
            } else {
                onFailure((CallFailure) failure);
            }
        });
    }

    private void onPage(RangeResponse page) {
        for (KeyValue kv : page.getKvsList()) {
            entries.add(Entry.of(connection, kv));
        }
        if (cursor.advance(page)) {
            readPage();
        } else {
            result.complete(new Reading(cursor.revision(), entries));
        }
    }

    private void onFailure(CallFailure failure) {
        if (failure.code() == Status.Code.OUT_OF_RANGE && cursor.revision() != 0 && wanted.getAsBoolean()) {
            // Compacted between two pages, or the server was set back to before the first one.
            cursor = new PageCursor(range);
            entries.clear();
            connection.timing().schedule(connection.calls().pause(startedOver++), this::readPage);
        } else {
            result.completeExceptionally(failure);
        }
    }
}
