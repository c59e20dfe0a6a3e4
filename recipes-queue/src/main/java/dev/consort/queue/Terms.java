/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/**
 * On which terms items are taken.
 *
 * @param keeps whether an item stays where it is, held until it is acknowledged; else it is removed as it is taken
 * @param orders what they are ordered by
 */
record Terms(boolean keeps, Orders orders) {
    /** Whether the order of an item is the time when it is due. */
    boolean timed() {
        return orders == Orders.DUE;
    }
}
