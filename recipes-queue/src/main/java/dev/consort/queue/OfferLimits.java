/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an offer may be, so that it fits into one transaction. Immutable.
 *
 * @param queue what messages begin with
 */
record OfferLimits(String queue) {
    /** Besides its items a transaction puts tail, id and receipt; etcd takes 128 operations. */
    static final int MAX_ITEMS = 100;

    static final int MAX_ITEM_BYTES = 128 * 1024;
    static final int MAX_BATCH_BYTES = 1024 * 1024;
    static final int MAX_ID_BYTES = 512;
    private static final int SHOWN = 64;

    /**
     * Refuses values that are too many or too large.
     *
     * @param capacity 0 if it is not limited
     */
    void checkValues(List<ByteString> values, int capacity) {
        if (values.isEmpty() || values.size() > MAX_ITEMS) {
            throw bad("a batch of " + values.size() + " items is not within 1.." + MAX_ITEMS);
        }
        if (capacity > 0 && values.size() > capacity) {
            throw bad("a batch of " + values.size() + " items is more than the capacity of " + capacity
                    + ", so that there will never be room for it");
        }
        long all = 0;
        for (int index = 0; index < values.size(); index++) {
            int bytes = values.get(index).size();
            if (bytes > MAX_ITEM_BYTES) {
                throw bad("item " + index + " of " + values.size() + " has " + bytes + " bytes, more than "
                        + MAX_ITEM_BYTES + ": put it elsewhere, and its address into the queue");
            }
            all += bytes;
        }
        if (all > MAX_BATCH_BYTES) {
            throw bad("a batch of " + values.size() + " items has " + all + " bytes, more than " + MAX_BATCH_BYTES
                    + ": offer fewer at once");
        }
    }

    /** Refuses what is no id; null is none, and good. */
    void checkId(@Nullable String id) {
        if (id == null) {
            return;
        }
        String shown = "id '" + id.substring(0, Math.min(id.length(), SHOWN)) + "'";
        if (id.isEmpty()) {
            throw bad(shown + " is empty");
        }
        if (id.indexOf('\0') >= 0) {
            throw bad(shown + " has a NUL character at " + id.indexOf('\0'));
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(id)) {
            throw bad(shown + " is not valid Unicode, so that different ids would share a key");
        }
        int bytes = id.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_ID_BYTES) {
            throw bad(shown + " has " + bytes + " bytes, more than " + MAX_ID_BYTES);
        }
    }

    IllegalArgumentException bad(String why) {
        return new IllegalArgumentException(queue + ": " + why);
    }
}
