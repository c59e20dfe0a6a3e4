/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.internal.PrefixView.Entry;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The last segment of a member's key, {@code <hex lease>-<number>}: one for each time that somebody comes, so that no two
 * are ever the same and what is sent twice is one.
 */
final class MemberId {
    private static final Pattern LAYOUT = Pattern.compile("([0-9a-f]+)-[0-9]+");
    private static final AtomicLong numbers = new AtomicLong();

    private MemberId() {}

    static String next(long lease) {
        return Long.toHexString(lease) + "-" + numbers.incrementAndGet();
    }

    /** The id of a key below a prefix; empty if the key is none of a member of ours, which is bound to its own lease. */
    static Optional<String> of(Entry entry, String id) {
        Matcher matcher = LAYOUT.matcher(id);
        return matcher.matches() && matcher.group(1).equals(Long.toHexString(entry.leaseId()))
                ? Optional.of(id)
                : Optional.empty();
    }
}
