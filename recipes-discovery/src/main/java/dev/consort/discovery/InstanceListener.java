/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/**
 * Is told what becomes of a service's instances. Calls come one at a time.
 *
 * @param <I> what describes an instance
 */
@FunctionalInterface
public interface InstanceListener<I> {
    /**
     * The instances have changed, or whether they are to be trusted has.
     *
     * @param set as it is now
     */
    void onInstances(InstanceSet<I> set);
}
