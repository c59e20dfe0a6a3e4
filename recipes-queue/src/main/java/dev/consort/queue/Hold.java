/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;

/**
 * Why an item is not to be delivered now.
 *
 * @param modified revision at which this became so
 * @param until when it is over, in milliseconds since 1970; {@link Long#MAX_VALUE} while a consumer has it
 */
record Hold(long modified, long until) {
    /** Whether a consumer has the item. */
    boolean isHeld() {
        return until == Long.MAX_VALUE;
    }

    /** Reads a hold; one with a lease is a consumer's. */
    static Hold of(long modified, long lease, ByteString value) {
        if (lease != 0) {
            return new Hold(modified, Long.MAX_VALUE);
        }
        try {
            return new Hold(modified, Long.parseLong(value.toStringUtf8()));
        } catch (NumberFormatException foreign) {
            return new Hold(modified, 0); // keeps nobody from the item
        }
    }
}
