/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/**
 * An endpoint that a {@link Balancer} has chosen for one call, which goes on, as far as the balancer knows, until this is
 * closed. Say how it ended before that; a choice that is closed without a word, as of a call that was given up, counts neither
 * as a success nor as a failure. Thread-safe.
 *
 * @param <E> what calls are made by
 */
public interface Choice<E> extends AutoCloseable {
    /**
     * What to call by.
     *
     * @return of the instance that was chosen
     */
    E target();

    /** The call has succeeded. */
    void succeeded();

    /**
     * The call has failed.
     *
     * @param why with what
     */
    void failed(Throwable why);

    /** The call is over. Idempotent; does not wait, and closes nothing of the target's. */
    @Override
    void close();
}
