/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import java.util.Set;

/**
 * A configuration took the place of another one. As immutable as its values.
 *
 * @param before what the listener was told last, or what held when it began
 * @param after what holds now, which is not equal to it
 * @param revision of etcd's store at which it was the newest
 * @param keys which keys were written or deleted in between, by what follows the root and the level; empty for a single key
 * @param <T> what the configuration is mapped to
 */
public record ConfigChange<T>(T before, T after, long revision, Set<String> keys) {
    /** Without the values, which are not for logs. */
    @Override
    public String toString() {
        return "revision " + revision + ", keys " + keys;
    }
}
