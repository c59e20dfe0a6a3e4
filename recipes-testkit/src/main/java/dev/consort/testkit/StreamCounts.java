/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link CallLog} counted on one stream.
 *
 * @param method the method without its package, such as {@code Watch/Watch}
 * @param number tells the streams of a log apart, rising in the order of their opening
 * @param opened whether it was opened in the time that the counts are of
 * @param open whether it is open
 * @param sent messages from the client
 * @param received messages from the server
 */
public record StreamCounts(String method, long number, boolean opened, boolean open, long sent, long received) {
    StreamCounts since(@Nullable StreamCounts earlier) {
        return earlier == null
                ? this
                : new StreamCounts(method, number, false, open, sent - earlier.sent, received - earlier.received);
    }
}
