/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.PrefixView.Entry;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The layout of a latch: {@code <name>/count} with the number to count down from, and {@code <name>/down/<id>} for each that
 * was counted. All of it stays, for what was counted is so even if the counter dies.
 */
record LatchKeys(String name) {
    private static final Pattern COUNT = Pattern.compile("count=(\\d{1,9})");

    /**
     * The latch at one revision.
     *
     * @param created the create revision of its first key; 0 if there is none
     * @param count to count down from
     * @param downs how many were counted
     */
    record State(long created, int count, int downs) {
        boolean isOpen() {
            return created != 0 && downs >= count;
        }

        int left() {
            return Math.max(0, count - downs);
        }
    }

    String count() {
        return name + "/count";
    }

    String down(String id) {
        return name + "/down/" + id;
    }

    static String text(int count) {
        return "count=" + count;
    }

    State read(Collection<Entry> keys) {
        long created = 0;
        int count = 0;
        int downs = 0;
        for (Entry entry : keys) {
            String key = entry.key().toStringUtf8();
            if (key.equals(count())) {
                created = entry.createRevision();
                count = number(entry);
            } else if (key.startsWith(down(""))) {
                downs++;
            } else {
                throw foreign(entry, "is none of this latch's");
            }
        }
        return new State(created, count, downs);
    }

    int number(Entry entry) {
        Matcher matcher = COUNT.matcher(entry.value().toStringUtf8());
        if (!matcher.matches()) {
            throw foreign(entry, "does not say the count of a latch");
        }
        return Integer.parseInt(matcher.group(1));
    }

    private RecipeException foreign(Entry entry, String what) {
        return new RecipeException(
                EtcdLatch.RECIPE,
                name,
                "the key '" + entry.key().toStringUtf8() + "' " + what
                        + "; delete that key, or give the latch a name that nobody else uses",
                null);
    }
}
