/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.RecipeException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tail of a queue: into which segment items are put now. As text it is {@code <segment> <capacity>}. Immutable.
 *
 * @param segment its number, from 1 to 9,999,999,999,999,999; 0 while the queue has no tail
 * @param capacity how many items the queue may hold; 0 if that is not limited
 * @param modRevision at which the key was last written; 0 while the queue has no tail
 */
record Tail(long segment, int capacity, long modRevision) {
    /** Of a queue into which nothing was ever put. */
    static final Tail ABSENT = new Tail(0, 0, 0);

    private static final Pattern TEXT = Pattern.compile("([1-9]\\d{0,15}) (0|[1-9]\\d{0,9})");
    private static final int SHOWN = 32;

    /**
     * Reads it.
     *
     * @param recipe for messages
     * @param key for messages
     * @throws RecipeException if it is nothing that a queue wrote
     */
    static Tail parse(String recipe, String key, String text, long modRevision) {
        Matcher parts = TEXT.matcher(text);
        if (parts.matches()) {
            long capacity = Long.parseLong(parts.group(2));
            if (capacity <= Integer.MAX_VALUE) {
                return new Tail(Long.parseLong(parts.group(1)), (int) capacity, modRevision);
            }
        }
        throw new RecipeException(
                recipe,
                key,
                "the key holds '" + text.substring(0, Math.min(text.length(), SHOWN))
                        + "', which is no tail of a queue, such as '17 0'; use a name that nobody else does",
                null);
    }

    /** The segment that it says, or 0. */
    static long segmentOf(String text) {
        Matcher parts = TEXT.matcher(text);
        return parts.matches() ? Long.parseLong(parts.group(1)) : 0;
    }

    boolean isAbsent() {
        return modRevision == 0;
    }

    /** The one that is so many segments further, not yet written. */
    Tail movedOn(int segments, int newCapacity) {
        return new Tail(segment + segments, newCapacity, 0);
    }

    /** The same when it is written. */
    Tail at(long revision) {
        return new Tail(segment, capacity, revision);
    }

    String text() {
        return segment + " " + capacity;
    }
}
