/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdConnectionBuilder;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * The way to one etcd cluster: channel, deadlines, one watch stream and one timer thread, shared by every session
 * opened on it. A process needs one.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe.
 *
 * <p><b>Guarantees.</b> Every call has a deadline; an endpoint that fails or is silent is left for another one.
 * <b>Not guaranteed.</b> That a call which timed out was not applied: see {@link OutcomeUnknownException}.
 */
public interface Connection extends AutoCloseable {
    /**
     * Describes a connection to a cluster.
     *
     * @param endpoints one or more addresses such as {@code http://10.0.0.1:2379}, or {@code https} for TLS, all alike
     * @return a builder with the defaults
     * @throws IllegalArgumentException if there is no endpoint, one is not of the form {@code http://host:port} or
     *     {@code https://host:port}, or they mix the two
     */
    static Builder to(String... endpoints) {
        return new EtcdConnectionBuilder(List.of(endpoints));
    }

    /**
     * Uses a jetcd client that the caller made, and closes after this connection; its endpoints, security, namespace and
     * interceptors apply. Timeouts are the defaults.
     *
     * @param client a client made by jetcd's own builder; stays the caller's to close
     * @return a connection on it
     * @throws IllegalArgumentException if the client is not one of jetcd's own
     */
    static Connection of(Client client) {
        return EtcdConnection.of(client);
    }

    /**
     * The addresses this connection was given.
     *
     * @return the endpoints; for a user's own client its target
     */
    List<String> endpoints();

    /**
     * The jetcd client underneath, for what the recipes do not offer.
     *
     * @return the client; closed with this connection unless it is the user's own
     */
    Client client();

    /**
     * Closes every session on this connection, then the connection. Idempotent; bounded by the request timeout, also
     * with etcd dead.
     */
    @Override
    void close();

    /** Describes a connection. Not thread-safe. */
    interface Builder {
        /**
         * Puts every key below a prefix, which must be the same in all processes that are to agree.
         *
         * @param prefix put before each key as it is; not empty
         * @return this
         */
        Builder namespace(String prefix);

        /**
         * How to use TLS, for endpoints that are {@code https}. Without it they use {@link Tls#system()}.
         *
         * @param tls whom to trust and what to show
         * @return this
         * @throws IllegalArgumentException if the endpoints are {@code http}
         */
        Builder tls(Tls tls);

        /**
         * Authenticates as a user of etcd's. The token that etcd gives is renewed when etcd refuses it.
         *
         * @param name the user's name
         * @param password asked at each authentication, on a thread of its own, so that it may read a file or ask a
         *     vault; the array is overwritten after use, so give a new one each time
         * @return this
         */
        Builder user(String name, Supplier<char[]> password);

        /**
         * How long opening the connection, and opening a session, may take in all.
         *
         * @param timeout more than zero; 5 s by default
         * @return this
         */
        Builder connectTimeout(Duration timeout);

        /**
         * How long one operation may take with its retries. An attempt takes 1 s at most, or 3/10 of
         * a timeout over 5 s; twice as long at each retry, while another one is sent beside it. For round trips of up to 800 ms
         * the default will do; up to 2 s take 10 s, and a TTL of 15 s.
         *
         * @param timeout more than zero; 5 s by default
         * @return this
         */
        Builder requestTimeout(Duration timeout);

        /**
         * Opens the connection and asks the cluster for an answer.
         *
         * @return an open connection
         * @throws EtcdUnavailableException if no endpoint answers within the connect timeout
         * @throws AuthenticationException if server and client do not trust each other, or etcd does not accept the user
         * @throws IllegalArgumentException if a file of the TLS settings cannot be used
         */
        Connection open();

        /**
         * Opens the connection and asks nothing, for those who can begin without etcd, such as a view of a configuration
         * that has a file to fall back on. What {@link #open} would have found wrong shows when the connection is used.
         *
         * @return an open connection
         * @throws IllegalArgumentException if a file of the TLS settings cannot be used
         */
        Connection openLazily();
    }
}
