/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.PrefixView.Entry;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * Reads all keys of a prefix as they are at one revision, in pages. A compaction between two pages starts it over.
 *
 * <p>Concurrency: one request at a time, each sent when the one before was answered.
 */
final class PrefixReader {
    private static final int FIRST_PAGE = 500;
    private static final int LARGEST_PAGE = 2_000;

    /** In bytes: a server makes a page in its memory, and so does a client, and a value may have 1.5 MiB. */
    private static final int LARGE = 1 << 20;

    private static final ByteString NEXT = ByteString.copyFrom(new byte[] {0});

    private final EtcdConnection connection;
    private final ByteString prefix;
    private final BooleanSupplier wanted;
    private final CompletableFuture<Reading> result = new CompletableFuture<>();
    private final List<Entry> entries = new ArrayList<>();
    private long revision; // 0 until the first page has fixed it
    private int limit = FIRST_PAGE;
    private int startedOver;

    private PrefixReader(EtcdConnection connection, ByteString prefix, BooleanSupplier wanted) {
        this.connection = connection;
        this.prefix = prefix;
        this.wanted = wanted;
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
     * @param prefix with the namespace
     * @return completes on gRPC's transport thread, exceptionally with a {@link CallFailure}
     */
    static CompletableFuture<Reading> read(EtcdConnection connection, ByteString prefix, BooleanSupplier wanted) {
        PrefixReader reader = new PrefixReader(connection, prefix, wanted);
        reader.page(prefix);
        return reader.result;
    }

    private void page(ByteString from) {
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(from)
                .setRangeEnd(ClaimTxns.endOf(prefix))
                .setLimit(limit)
                .setRevision(revision)
                .build();
        Completion.of(connection.calls().range(request, wanted), (page, failure) -> {
            if (failure == null) {
                onPage(page);
            } else {
                onFailure((CallFailure) failure);
            }
        });
    }

    private void onPage(RangeResponse page) {
        if (revision == 0) {
            revision = page.getHeader().getRevision();
        }
        for (KeyValue kv : page.getKvsList()) {
            entries.add(Entry.of(connection, kv));
        }
        limit = page.getSerializedSize() < LARGE ? Math.min(LARGEST_PAGE, limit * 2) : Math.max(1, limit / 2);
        if (page.getMore() && page.getKvsCount() > 0) {
            page(page.getKvs(page.getKvsCount() - 1).getKey().concat(NEXT));
        } else {
            result.complete(new Reading(revision, entries));
        }
    }

    private void onFailure(CallFailure failure) {
        if (failure.code() == Status.Code.OUT_OF_RANGE && revision != 0 && wanted.getAsBoolean()) {
            // Compacted between two pages, or the server was set back to before the first one.
            revision = 0;
            entries.clear();
            Duration pause = Calls.pause(startedOver++);
            connection.timing().schedule(pause, () -> page(prefix));
        } else {
            result.completeExceptionally(failure);
        }
    }
}
