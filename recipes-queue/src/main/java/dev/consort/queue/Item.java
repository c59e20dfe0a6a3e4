/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.util.Comparator;
import java.util.Optional;

/**
 * An item as a consumer knows it before it takes it: without its value. In the order in which items are taken.
 *
 * @param order its place, as far as its key tells
 * @param unique what no other item has
 * @param created revision at which it was offered, or put back
 * @param modified revision at which it was last delivered, if it was
 * @param version one more than how often it was delivered
 */
record Item(String order, String unique, long created, long modified, long version) implements Comparable<Item> {
    /** After the order of what was put back: before all others of that order. */
    private static final char PUT_BACK = '!';

    private static final Comparator<Item> IN_TURN = Comparator.comparing(Item::order, Item::compareOrders)
            .thenComparingLong(Item::created)
            .thenComparing(Item::unique);

    /** Reads the end of a key; empty if no item has such a key. */
    static Optional<Item> of(String suffix, long created, long modified, long version) {
        int slash = suffix.indexOf('/');
        boolean isItem = slash > 0 && slash < suffix.length() - 1;
        return isItem
                ? Optional.of(
                        new Item(suffix.substring(0, slash), suffix.substring(slash + 1), created, modified, version))
                : Optional.empty();
    }

    /** As in keys, where a slash follows: their order is that of items. */
    private static int compareOrders(String one, String other) {
        int shared = Math.min(one.length(), other.length());
        int end = 0;
        while (end < shared && one.charAt(end) == other.charAt(end)) {
            end++;
        }
        return Character.compare(charOrSlash(one, end), charOrSlash(other, end));
    }

    private static char charOrSlash(String order, int at) {
        return at < order.length() ? order.charAt(at) : '/';
    }

    /** The end of its key. */
    String suffix() {
        return order + "/" + unique;
    }

    /** The end of the key by which it is put back where it was, whenever others of its order are. */
    String suffixPutBack() {
        return order.indexOf(PUT_BACK) >= 0
                ? suffix()
                : order + PUT_BACK + QueueLayout.segment(created) + PUT_BACK + unique + "/" + unique;
    }

    /** The first number of its order. */
    long number() {
        int end = 0;
        while (end < order.length() && Character.isDigit(order.charAt(end))) {
            end++;
        }
        return end == 0 || end > 18 ? 0 : Long.parseLong(order.substring(0, end));
    }

    @Override
    public int compareTo(Item other) {
        return IN_TURN.compare(this, other);
    }
}
