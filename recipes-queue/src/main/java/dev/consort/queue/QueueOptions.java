/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.time.Duration;

/**
 * How a queue is used.
 *
 * @param capacity how many items it takes; 0 for no limit
 * @param idWindow for how long the ids of offers are remembered at least
 */
record QueueOptions(int capacity, Duration idWindow) {
    private static final int MOST_CAPACITY = 100_000;

    static final QueueOptions DEFAULT = new QueueOptions(0, Offering.DEFAULT_WINDOW);

    static int checkedCapacity(String recipe, String name, int most) {
        if (most < 1 || most > MOST_CAPACITY) {
            throw new IllegalArgumentException(
                    recipe + " '" + name + "': capacity " + most + " is not within 1.." + MOST_CAPACITY);
        }
        return most;
    }

    QueueOptions withCapacity(int newCapacity) {
        return new QueueOptions(newCapacity, idWindow);
    }

    QueueOptions withIdWindow(Duration newWindow) {
        return new QueueOptions(capacity, newWindow);
    }
}
