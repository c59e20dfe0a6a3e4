/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import dev.consort.core.internal.ReopeningSessionFactory;

/**
 * Gives the present session, and opens the next one after a loss: what loops take that outlive a session. Thread-safe.
 *
 * <p><b>When the session is lost</b> whatever it held is gone; nothing is carried over to the next one.
 */
public interface SessionFactory extends AutoCloseable {
    /**
     * A factory that opens its sessions by a builder.
     *
     * @param builder describes each session; not to be changed afterwards
     * @return a factory that has opened none yet
     */
    static SessionFactory of(Session.Builder builder) {
        return new ReopeningSessionFactory(builder);
    }

    /**
     * The present session; opens one if there is none or the last one was lost or closed.
     *
     * @return a session that was not lost when this returned
     * @throws EtcdUnavailableException if one must be opened and etcd does not answer
     * @throws IllegalStateException if the factory is closed
     */
    Session session();

    /** Closes the present session, if any, and opens no more. Idempotent. */
    @Override
    void close();
}
