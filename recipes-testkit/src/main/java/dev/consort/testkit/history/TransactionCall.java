/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A transaction of a client, for {@link TransactionIsolation}. Whoever records one of unknown outcome may find out later, by the
 * values that the server has, whether and when it was applied, and then give its revision.
 *
 * @param revision at which its writes were committed; of one that wrote nothing the one as of which its reads were found good
 *     together, if that is later than they are; 0 if it failed, or if that is not known
 * @param reads of single keys, the first of each
 * @param prefixes that it read
 * @param puts keys that it wrote, or would have
 * @param deletes keys that it deleted, or would have, and that existed
 */
public record TransactionCall(
        long revision, List<Read> reads, List<PrefixRead> prefixes, Set<String> puts, Set<String> deletes) {
    /**
     * A key as it was read.
     *
     * @param key the key
     * @param version its mod revision; 0 if it did not exist
     * @param asOf the revision of the store at which that was so
     */
    public record Read(String key, long version, long asOf) {
        @Override
        public String toString() {
            return key + "@" + version + " as of " + asOf;
        }
    }

    /**
     * All keys that begin with a prefix, as they were read.
     *
     * @param prefix the prefix
     * @param found their mod revisions
     * @param asOf the revision of the store at which these were all
     */
    public record PrefixRead(String prefix, Map<String, Long> found, long asOf) {
        /** Takes copies. */
        public PrefixRead {
            found = Map.copyOf(found);
        }

        @Override
        public String toString() {
            return prefix + "*" + found + " as of " + asOf;
        }
    }

    /** Takes copies. */
    public TransactionCall {
        reads = List.copyOf(reads);
        prefixes = List.copyOf(prefixes);
        puts = Set.copyOf(puts);
        deletes = Set.copyOf(deletes);
    }

    /** One line, for the message of a failed test. */
    @Override
    public String toString() {
        return "read " + reads + (prefixes.isEmpty() ? "" : " and " + prefixes) + " put " + puts
                + (deletes.isEmpty() ? "" : " deleted " + deletes) + (revision == 0 ? "" : " at " + revision);
    }
}
