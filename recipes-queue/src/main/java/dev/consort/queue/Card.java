/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;

/**
 * For how many items a process stands in line. A process changes its card in each of its transactions, and only as it left it;
 * so each is applied once at most, and the card tells whether it was.
 *
 * @param modified revision at which it was written; 0 if there is none
 * @param serial which of the process's transactions wrote it
 * @param count of items; 0 for one that is not in line
 * @param kept revision of the card whose place in line it has; 0 if that is its own
 */
record Card(long modified, long serial, int count, long kept) {
    /** Of a process that has never stood in line. */
    static final Card NONE = new Card(0, 0, 0, 0);

    /** Reads a card; what another client wrote there stands in no line. */
    static Card of(long modified, ByteString value) {
        String[] parts = value.toStringUtf8().split(" ", -1);
        try {
            return parts.length == 3
                    ? new Card(
                            modified,
                            Long.parseLong(parts[0]),
                            Math.max(0, Integer.parseInt(parts[1])),
                            Long.parseLong(parts[2]))
                    : new Card(modified, 0, 0, 0);
        } catch (NumberFormatException foreign) {
            return new Card(modified, 0, 0, 0);
        }
    }

    /** Its place in line: the less, the sooner. */
    long place() {
        return kept == 0 ? modified : kept;
    }

    /** Another one, at the end of the line. */
    static Card last(long serial, int count) {
        return new Card(0, serial, count, 0);
    }

    /** Another one, for less items, where this one stands. */
    Card less(long newSerial, int newCount) {
        return new Card(0, newSerial, newCount, newCount == 0 ? 0 : place());
    }

    Card at(long revision) {
        return new Card(revision, serial, count, kept);
    }

    ByteString value() {
        return ByteString.copyFromUtf8(serial + " " + count + " " + kept);
    }
}
