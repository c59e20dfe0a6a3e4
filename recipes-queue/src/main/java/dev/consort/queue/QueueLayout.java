/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.util.Locale;
import java.util.Optional;

/**
 * The keys of a queue, without the namespace. Those that consumers watch stand together, below {@code <name>/q/}.
 *
 * <p>The key of an item is {@code <name>/q/i/<order>/<unique>}. Items are in the order of their {@code <order>}, as bytes; those
 * of the same in that of their creation; those of one transaction in that of {@code <unique>}. So what comes first can be read
 * without etcd sorting the whole queue. A queue first in, first out has the number of a segment for an order: a run of offers
 * that were made between two moves of its tail. Immutable.
 */
record QueueLayout(String name) {
    /** What consumers watch: items, holds and cards. */
    String watched() {
        return name + "/q/";
    }

    /** Below it the items. */
    String items() {
        return name + "/q/i/";
    }

    /** Below it, for items of a work queue, who has them, or until when they rest; named like the items. */
    String holds() {
        return name + "/q/h/";
    }

    /** Below it, by the lease of its session in hexadecimal digits, how many items each process waits for. */
    String cards() {
        return name + "/q/w/";
    }

    /** Written with each card that comes into line, or leaves it with nothing: so one key tells whether the line is as it was. */
    String line() {
        return name + "/q/j";
    }

    /**
     * Written with each item that may come before others that are there: so one key tells whether there is such a one. Also by who leaves
     * the line without having asked whether something was for him, as that becomes another one's.
     */
    String ahead() {
        return name + "/q/a";
    }

    /** The number of the last segment. */
    String tail() {
        return name + "/tail";
    }

    /** What was offered by this id. */
    String id(String id) {
        return name + "/id/" + id;
    }

    /** Below it the values of dead letters, named like the items that they are if they are put back. */
    String dead() {
        return name + "/dead/";
    }

    /** Below it why they are dead. */
    String reasons() {
        return name + "/why/";
    }

    /** The order of a segment. */
    static String segment(long number) {
        return String.format(Locale.ROOT, "%016d", number);
    }

    /** The order of a segment of those with a priority, of which the least is the first. */
    static String segment(int priority, long number) {
        return String.format(Locale.ROOT, "%05d-%016d", priority, number);
    }

    /** The order of what is due at a time, in milliseconds since 1970. */
    static String due(long millis) {
        return String.format(Locale.ROOT, "%016d", millis);
    }

    /** What no other offer has; it says when that was, by the clock of whoever made it, for people only. */
    static String unique(long millis, String connection, int number) {
        return String.format(Locale.ROOT, "%013d-%s-%08x", millis, connection, number);
    }

    /** When the item of a key was offered. */
    static Optional<Long> offeredAt(String key) {
        String unique = key.substring(key.lastIndexOf('/') + 1);
        int end = unique.indexOf('-');
        boolean says = end > 0 && end < 18 && unique.substring(0, end).chars().allMatch(Character::isDigit);
        return says ? Optional.of(Long.parseLong(unique.substring(0, end))) : Optional.empty();
    }
}
