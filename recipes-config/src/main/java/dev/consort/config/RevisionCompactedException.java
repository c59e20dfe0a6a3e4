/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.RecipeException;
import org.jspecify.annotations.Nullable;

/** What a key held at a revision is not to be had any more: etcd keeps the history from its last compaction on only. */
public final class RevisionCompactedException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /** What was asked for. */
    private final long revision;

    RevisionCompactedException(String recipe, String key, long revision, @Nullable Throwable cause) {
        super(
                recipe,
                key,
                "revision " + revision + " has been compacted away; etcd keeps the history from its last compaction on",
                cause);
        this.revision = revision;
    }

    /**
     * What was asked for.
     *
     * @return the revision
     */
    public long revision() {
        return revision;
    }
}
