/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.List;

/**
 * A transaction that was committed, as its client saw it. Those of unknown outcome may be left out: a version whose writer
 * is not known only orders its readers before the next writer.
 *
 * @param client who did it
 * @param reads what it read, in its order; a key that it read twice is there twice
 * @param writes what it wrote
 */
public record Committed(int client, List<Version> reads, List<Version> writes) {
    /**
     * One version of a key.
     *
     * @param key the key
     * @param revision its mod revision, 0 if it did not exist: then it must not have been deleted before, since that is
     *     not told from a key that never was
     */
    public record Version(String key, long revision) {
        @Override
        public String toString() {
            return key + "@" + revision;
        }
    }

    /** Takes copies. */
    public Committed {
        reads = List.copyOf(reads);
        writes = List.copyOf(writes);
    }

    /** One line, for the message of a failed test. */
    @Override
    public String toString() {
        return "client " + client + " read " + reads + " wrote " + writes;
    }
}
