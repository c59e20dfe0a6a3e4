/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.internal.OwnerText;
import dev.consort.core.internal.StoredClaim;
import java.time.Instant;
import java.util.Optional;

/**
 * Who holds or waits for a lock, for operators to read. What other clients than Consort leave out is empty.
 *
 * @param key the claim's key in etcd
 * @param revision the claim's create revision, which orders the queue
 * @param leaseId the lease it is bound to
 * @param host the host's name
 * @param process the process id
 * @param since when it queued, by that host's wall clock
 */
public record LockOwner(
        String key,
        long revision,
        long leaseId,
        Optional<String> host,
        Optional<Long> process,
        Optional<Instant> since) {
    static LockOwner of(StoredClaim claim) {
        Optional<OwnerText> text = OwnerText.read(claim.value());
        return new LockOwner(
                claim.key(),
                claim.revision(),
                claim.leaseId(),
                text.map(OwnerText::host),
                text.map(OwnerText::process),
                text.flatMap(OwnerText::since));
    }
}
