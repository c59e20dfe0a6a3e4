/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/**
 * Chooses endpoints by a key, such as a customer's number: the same one for the same key, as long as its instance is there.
 * Thread-safe.
 *
 * @param <E> what calls are made by
 */
@FunctionalInterface
public interface StickyBalancer<E> {
    /**
     * The balancer of one key.
     *
     * @param key any text
     * @return costs nothing to make, and follows the instances as they change
     */
    Balancer<E> forKey(String key);
}
