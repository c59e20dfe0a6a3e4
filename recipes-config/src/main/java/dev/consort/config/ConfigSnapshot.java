/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.RecipeException;
import java.util.Optional;

/**
 * A configuration, and how far it is to be trusted. As immutable as its value.
 *
 * @param value the last good one
 * @param revision of etcd's store at which it was the newest
 * @param seen the revision up to which the view has followed: above {@code revision} if what was written since is refused
 * @param fromFile whether it comes from the file of {@link ConfigView.Builder#fallback}, since etcd has not answered yet
 * @param stale whether nothing is heard of etcd, so that it may have changed unseen
 * @param problem why what is in etcd now has not taken its place, if so
 * @param <T> what the configuration is mapped to
 */
public record ConfigSnapshot<T>(
        T value, long revision, long seen, boolean fromFile, boolean stale, Optional<RecipeException> problem) {
    /** Without the value, which is not for logs. */
    @Override
    public String toString() {
        return "revision " + revision + ", seen " + seen + (fromFile ? ", from a file" : "") + (stale ? ", stale" : "")
                + problem.map(why -> ", " + why.getMessage()).orElse("");
    }
}
