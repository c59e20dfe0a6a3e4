/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.RecipeException;

/**
 * Is told what becomes of a configuration. Calls come one at a time.
 *
 * @param <T> what the configuration is mapped to
 */
@FunctionalInterface
public interface ConfigListener<T> {
    /**
     * Another value holds.
     *
     * @param change from what this listener was told last
     */
    void onChange(ConfigChange<? extends T> change);

    /**
     * What was written is refused, or etcd refuses to be read; the last good value stays.
     *
     * @param why an {@link InvalidConfigException} names the key, as far as it is known
     */
    default void onProblem(RecipeException why) {}

    /** Nothing is heard of etcd: the value may be out of date. */
    default void onStale() {}

    /** The view follows etcd again. */
    default void onCurrent() {}
}
