/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.options.OptionsUtil;

/**
 * How far a prefix of any size has been read, in pages at the revision of the first one. A page that fails with
 * OUT_OF_RANGE was compacted away meanwhile: begin with another cursor. Confined to its reader.
 */
final class PageCursor {
    private static final int FIRST_PAGE = 16;
    private static final int LARGEST_PAGE = 4_000;

    /** In bytes: a server makes a page in its memory, and so does a client, and a value may have 1.5 MiB. */
    private static final int LARGE = 1 << 20;

    private static final ByteString ZERO = ByteString.copyFrom(new byte[1]);

    private final ByteString end;
    private ByteString from;
    private long revision;
    private int limit = FIRST_PAGE;

    /** At the beginning of what is to be read. */
    PageCursor(KeyRange range) {
        this.from = range.key();
        this.end = range.end();
    }

    /** At the beginning of a prefix; with an empty one, of all there is. */
    PageCursor(ByteString prefix) {
        this.from = prefix.isEmpty() ? ZERO : prefix;
        this.end = ByteString.copyFrom(
                OptionsUtil.prefixEndOf(ByteSequence.from(prefix)).getBytes());
    }

    /** That of the first page, and hence of all; 0 before it. */
    long revision() {
        return revision;
    }

    /** Asks for the next page: small where values are large, without knowing them beforehand. */
    RangeRequest request() {
        return RangeRequest.newBuilder()
                .setKey(from)
                .setRangeEnd(end)
                .setRevision(revision)
                .setLimit(limit)
                .build();
    }

    /** Goes beyond a page that was read; false if it was the last one. */
    boolean advance(RangeResponse page) {
        if (revision == 0) {
            revision = page.getHeader().getRevision(); // later pages' headers tell what is current by then
        }
        if (!page.getMore() || page.getKvsCount() == 0) {
            return false;
        }
        limit = page.getSerializedSize() < LARGE ? Math.min(LARGEST_PAGE, limit * 2) : Math.max(1, limit / 2);
        from = page.getKvs(page.getKvsCount() - 1).getKey().concat(ZERO);
        return true;
    }
}
