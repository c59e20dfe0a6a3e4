/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/**
 * A call to an instance.
 *
 * @param <E> what it is made by
 * @param <T> what it answers
 * @param <X> what it throws when it fails
 */
@FunctionalInterface
public interface EndpointCall<E, T, X extends Exception> {
    /**
     * Calls.
     *
     * @param target what to call by
     * @return the answer
     * @throws X if it fails
     */
    T call(E target) throws X;
}
