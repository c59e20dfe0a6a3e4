/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Connection;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** Checks what a connection is described by, and opens it. */
public final class EtcdConnectionBuilder implements Connection.Builder {
    private static final Duration HTTP2_PING_AFTER = Duration.ofSeconds(10);
    private static final Duration HTTP2_PING_TIMEOUT = Duration.ofSeconds(5);

    private final List<String> endpoints;
    private String namespace = "";
    private Duration connectTimeout = EtcdConnection.DEFAULT_TIMEOUT;
    private Duration requestTimeout = EtcdConnection.DEFAULT_TIMEOUT;

    /** Takes addresses of the form {@code http://host:port}. */
    public EtcdConnectionBuilder(List<String> endpoints) {
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("no endpoint given: name at least one, such as http://127.0.0.1:2379");
        }
        this.endpoints = List.copyOf(endpoints);
        this.endpoints.forEach(EtcdConnectionBuilder::uri);
    }

    private static URI uri(String endpoint) {
        try {
            URI uri = new URI(endpoint);
            if ("http".equals(uri.getScheme()) && uri.getHost() != null && uri.getPort() > 0) {
                return uri;
            }
            if ("https".equals(uri.getScheme())) {
                throw new IllegalArgumentException("endpoint '" + endpoint
                        + "' needs TLS, which this version takes only from a jetcd client with an sslContext: use"
                        + " Connection.of(client)");
            }
        } catch (URISyntaxException malformed) {
            throw new IllegalArgumentException(
                    "endpoint '" + endpoint + "' is malformed: give http://host:port", malformed);
        }
        throw new IllegalArgumentException("endpoint '" + endpoint + "' is not of the form http://host:port");
    }

    @Override
    public Connection.Builder namespace(String prefix) {
        Objects.requireNonNull(prefix, "namespace");
        if (prefix.isEmpty()) {
            throw new IllegalArgumentException("namespace is empty: leave it out, or give a prefix such as app/");
        }
        this.namespace = prefix;
        return this;
    }

    @Override
    public Connection.Builder connectTimeout(Duration timeout) {
        this.connectTimeout = positive("connectTimeout", timeout);
        return this;
    }

    @Override
    public Connection.Builder requestTimeout(Duration timeout) {
        this.requestTimeout = positive("requestTimeout", timeout);
        return this;
    }

    private static Duration positive(String what, Duration timeout) {
        Objects.requireNonNull(timeout, what);
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException(what + " " + timeout + " is not more than zero");
        }
        return timeout;
    }

    @Override
    public Connection open() {
        Client client = Client.builder()
                .endpoints(endpoints.stream().map(EtcdConnectionBuilder::uri).toList())
                .namespace(ByteSequence.from(namespace, StandardCharsets.UTF_8))
                .connectTimeout(connectTimeout)
                .keepaliveTime(HTTP2_PING_AFTER)
                .keepaliveTimeout(HTTP2_PING_TIMEOUT)
                .keepaliveWithoutCalls(false)
                .maxInboundMessageSize(Integer.MAX_VALUE)
                .build();
        EtcdConnection connection =
                new EtcdConnection(client, true, endpoints, connectTimeout, requestTimeout, Timing.system());
        try {
            connection.awaitAnswer();
            return connection;
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }
}
