/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

/** Why a grant or a session is no more, without its holder having given it back. */
public enum LossReason {
    /** No renewal was answered in time: the lease may have run out, and others may soon be granted. */
    EXPIRED,
    /** The server no longer knows the lease, or the session's own keys were deleted. */
    REVOKED,
    /** Somebody deleted the claim, or wrote over it, while its session lives. */
    CLAIM_REMOVED,
    /**
     * etcd was restored from a backup, or another cluster answers at its address: what was claimed before is of a past
     * that never was. Tokens from before do not compare with new ones unless the revision was raised by the restore.
     */
    CLUSTER_CHANGED,
    /** Somebody closed the jetcd client under the session, which cannot be renewed any more. */
    CLIENT_CLOSED,
    /** The session was closed or orphaned by its own process. */
    CLOSED
}
