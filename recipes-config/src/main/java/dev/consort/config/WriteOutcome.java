/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What became of a change. Immutable.
 *
 * @param revision of etcd's store: at which it was committed, or else at which it was refused
 * @param conflicts why it was refused, so that nothing was written; at most 128 are told. Empty if it was committed
 */
public record WriteOutcome(long revision, List<WriteConflict> conflicts) {
    /**
     * Of these.
     *
     * @param revision as above
     * @param conflicts as above
     */
    public WriteOutcome {
        conflicts = List.copyOf(conflicts);
    }

    /**
     * Whether all of it was written.
     *
     * @return false: nothing was
     */
    public boolean committed() {
        return conflicts.isEmpty();
    }

    @Override
    public String toString() {
        return committed()
                ? "committed at revision " + revision
                : "refused at revision " + revision + ": "
                        + conflicts.stream().map(WriteConflict::toString).collect(Collectors.joining("; "));
    }
}
