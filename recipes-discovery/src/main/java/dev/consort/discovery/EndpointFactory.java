/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/**
 * Makes what calls are made by, such as a client or a channel, of what describes an instance.
 *
 * @param <I> what describes an instance
 * @param <E> what calls are made by
 */
@FunctionalInterface
public interface EndpointFactory<I, E> {
    /**
     * Makes one. Best does not wait for the instance to answer, for those after it in the list wait meanwhile.
     *
     * @param instance to be called
     * @return of this instance alone
     * @throws Exception if that cannot be done: the instance is left out until its service's instances change again
     */
    E create(I instance) throws Exception;
}
