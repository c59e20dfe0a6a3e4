/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** What the items of a queue are ordered by, before they are by their creation. */
enum Orders {
    /** By nothing else. */
    FIFO("", 0, Long.MAX_VALUE),
    /** By a priority, the least first. */
    PRIORITY("priority", 0, 65_535),
    /** By the time at which they are due, in milliseconds since 1970. */
    DUE("due time", 0, 9_999_999_999_999_999L);

    private final String what;
    private final long least;
    private final long most;

    Orders(String what, long least, long most) {
        this.what = what;
        this.least = least;
        this.most = most;
    }

    /** Whether what is offered comes after all that is there. */
    boolean isAppended() {
        return this == FIFO;
    }

    /** Whether its items stand in segments, and so go by the queue's tail. */
    boolean hasSegments() {
        return this != DUE;
    }

    /** Refuses what no item can be ordered by. */
    void check(String queue, long by) {
        if (by < least || by > most) {
            throw new IllegalArgumentException(
                    queue + ": " + what + " " + by + " is not within " + least + ".." + most);
        }
    }

    /** That of items in a segment, if they stand in segments, by what was checked. */
    String order(long by, long segment) {
        return switch (this) {
            case FIFO -> QueueLayout.segment(segment);
            case PRIORITY -> QueueLayout.segment((int) by, segment);
            case DUE -> QueueLayout.due(by);
        };
    }
}
