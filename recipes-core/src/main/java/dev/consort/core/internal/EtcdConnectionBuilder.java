/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Connection;
import dev.consort.core.Tls;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Checks what a connection is described by, and opens it. */
public final class EtcdConnectionBuilder implements Connection.Builder {
    private static final Duration HTTP2_PING_AFTER = Duration.ofSeconds(10);
    private static final Duration HTTP2_PING_TIMEOUT = Duration.ofSeconds(5);

    private static final String FORM = "http://host:port or https://host:port";

    private final List<String> endpoints;
    private final boolean secure;
    private @Nullable TlsSettings tls;
    private @Nullable String user;
    private @Nullable Supplier<char[]> password;
    private String namespace = "";
    private Duration connectTimeout = EtcdConnection.DEFAULT_TIMEOUT;
    private Duration requestTimeout = EtcdConnection.DEFAULT_TIMEOUT;

    /** Takes addresses of the form {@code http://host:port}, or all of them {@code https}. */
    public EtcdConnectionBuilder(List<String> endpoints) {
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("no endpoint given: name at least one, such as http://127.0.0.1:2379");
        }
        this.endpoints = List.copyOf(endpoints);
        Set<String> schemes = new TreeSet<>();
        this.endpoints.forEach(endpoint -> schemes.add(uri(endpoint).getScheme()));
        if (schemes.size() > 1) {
            throw new IllegalArgumentException(
                    "endpoints " + endpoints + " mix http and https: either all use TLS or none does");
        }
        this.secure = schemes.contains("https");
    }

    private static URI uri(String endpoint) {
        try {
            URI uri = new URI(endpoint);
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getPort() > 0) {
                return uri;
            }
        } catch (URISyntaxException malformed) {
            throw new IllegalArgumentException("endpoint '" + endpoint + "' is malformed: give " + FORM, malformed);
        }
        throw new IllegalArgumentException("endpoint '" + endpoint + "' is not of the form " + FORM);
    }

    @Override
    public Connection.Builder tls(Tls settings) {
        Objects.requireNonNull(settings, "tls");
        if (!secure) {
            throw new IllegalArgumentException(
                    "endpoints " + endpoints + " do not use TLS: give them as https, or leave tls(..) out");
        }
        if (!(settings instanceof TlsSettings ours)) {
            throw new IllegalArgumentException("tls is of " + settings.getClass() + ", not made by Tls");
        }
        this.tls = ours;
        return this;
    }

    @Override
    public Connection.Builder user(String name, Supplier<char[]> passwordOfUser) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("user is empty: give a name, or leave user(..) out");
        }
        this.password = Objects.requireNonNull(passwordOfUser, "password");
        this.user = name;
        return this;
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
        EtcdConnection connection = made();
        try {
            connection.awaitAnswer();
            return connection;
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public Connection openLazily() {
        return made();
    }

    private EtcdConnection made() {
        TlsSettings used = secure && tls == null ? (TlsSettings) Tls.system() : tls;
        Access access = new Access(used, user, password, endpoints);
        ClientBuilder builder = Client.builder()
                .endpoints(endpoints.stream().map(EtcdConnectionBuilder::uri).toList())
                .namespace(ByteSequence.from(namespace, StandardCharsets.UTF_8))
                .connectTimeout(connectTimeout)
                .keepaliveTime(HTTP2_PING_AFTER)
                .keepaliveTimeout(HTTP2_PING_TIMEOUT)
                .keepaliveWithoutCalls(false)
                .maxInboundMessageSize(Integer.MAX_VALUE);
        access.prepare(builder);
        Client client = builder.build();
        return new EtcdConnection(client, true, endpoints, connectTimeout, requestTimeout, Timing.system(), access);
    }
}
