/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import java.util.List;

/**
 * What go-kit's client of etcd offers, for those who come from there: the values below a prefix, and a signal when they change. An
 * {@link Instancer} does both, and keeps what it has seen. Thread-safe.
 */
public interface DiscoveryClient {
    /**
     * A client on a connection. Costs nothing.
     *
     * @param connection stays the caller's to close
     * @return a client, not to be closed
     */
    static DiscoveryClient of(Connection connection) {
        return new EtcdDiscoveryClient(connection);
    }

    /**
     * The values of all keys that begin so, as etcd says now. Bounded by the request timeout; keeps the interrupt flag.
     *
     * @param prefix as it is, without a slash that it does not have; not empty
     * @return in the order of keys; what is no UTF-8 is replaced
     * @throws dev.consort.core.EtcdUnavailableException if etcd does not answer
     * @throws RecipeException if etcd refuses to be read
     * @throws IllegalArgumentException if the prefix is empty
     */
    List<String> getEntries(String prefix);

    /**
     * Signals once when the watch stands, and then at each change of the keys that begin so. Nothing is missed, whatever breaks: after
     * a compaction there is one signal for all that it hides. Signals that have not been taken yet may become one.
     *
     * @param prefix as in {@link #getEntries}
     * @param signal runs on threads of the connection, one call at a time; what it throws is logged
     * @return ends it
     * @throws IllegalArgumentException if the prefix is empty
     * @throws IllegalStateException if the connection is closed
     */
    Subscription watchPrefix(String prefix, Runnable signal);
}
