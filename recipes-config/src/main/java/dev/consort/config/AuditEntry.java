/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Who changed what, when and why; values are not in it. Immutable.
 *
 * @param revision of etcd's store at which the change was committed: the order of changes
 * @param who as the writer was told
 * @param why as the writer was told
 * @param when by the writer's clock, for people only: clocks differ, and may be wrong
 * @param put the names that were written, without the root
 * @param deleted the names that were deleted, without the root
 * @param rolledBackTo the revision of {@link ConfigWriter#rollBack}, if it was one
 */
public record AuditEntry(
        long revision,
        String who,
        String why,
        Optional<Instant> when,
        List<String> put,
        List<String> deleted,
        OptionalLong rolledBackTo) {
    /**
     * Of these.
     *
     * @param revision as above
     * @param who as above
     * @param why as above
     * @param when as above
     * @param put as above
     * @param deleted as above
     * @param rolledBackTo as above
     */
    public AuditEntry {
        put = List.copyOf(put);
        deleted = List.copyOf(deleted);
    }
}
