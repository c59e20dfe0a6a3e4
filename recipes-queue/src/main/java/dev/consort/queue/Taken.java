/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;

/**
 * An item that is this process's.
 *
 * @param item as it was before
 * @param value what was offered
 * @param revision at which it was taken
 */
record Taken(Item item, ByteString value, long revision) {
    /** Which delivery of it this is; the first is 1. */
    long attempt() {
        return item.version();
    }
}
