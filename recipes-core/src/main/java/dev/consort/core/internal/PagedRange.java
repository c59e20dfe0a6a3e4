/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.options.OptionsUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Reads a prefix of any size at one revision. For a single use by one thread. */
final class PagedRange {
    private static final int FIRST_PAGE = 16;
    private static final int LARGEST_PAGE = 1000;

    /** A server makes a page in its memory, and so does a client, and a value may have 1.5 MiB. */
    private static final int LARGE = 1 << 20;

    private final Calls calls;
    private final Timing timing;
    private long revision;
    private int limit = FIRST_PAGE;

    PagedRange(Calls calls, Timing timing) {
        this.calls = calls;
        this.timing = timing;
    }

    /** That of the first page, and hence of all. */
    long revision() {
        return revision;
    }

    /**
     * All keys and values below a prefix in the order of the keys; with an empty prefix all there are.
     *
     * @throws CallFailure OUT_OF_RANGE if the revision of the first page was compacted before the last one was read
     */
    List<KeyValue> read(ByteString prefix) throws InterruptedException {
        ByteString end = ByteString.copyFrom(
                OptionsUtil.prefixEndOf(ByteSequence.from(prefix)).getBytes());
        List<KeyValue> all = new ArrayList<>();
        ByteString from = prefix.isEmpty() ? ByteString.copyFrom(new byte[1]) : prefix;
        while (true) {
            RangeResponse page = page(from, end);
            if (revision == 0) {
                revision = page.getHeader().getRevision(); // later pages' headers tell what is current by then
            }
            all.addAll(page.getKvsList());
            if (!page.getMore()) {
                return all;
            }
            from = all.get(all.size() - 1).getKey().concat(ByteString.copyFrom(new byte[1]));
        }
    }

    /** Small where values are large, without knowing them beforehand. */
    private RangeResponse page(ByteString from, ByteString end) throws InterruptedException {
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(from)
                .setRangeEnd(end)
                .setRevision(revision)
                .setLimit(limit)
                .build();
        Duration timeout = calls.requestTimeout();
        long until = timing.nanoTime() + timeout.toNanos();
        RangeResponse page = Await.within(calls.range(request, () -> timing.nanoTime() - until < 0), timeout);
        limit = page.getSerializedSize() < LARGE ? Math.min(LARGEST_PAGE, limit * 2) : Math.max(1, limit / 2);
        return page;
    }
}
