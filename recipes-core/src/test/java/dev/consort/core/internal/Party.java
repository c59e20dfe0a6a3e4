/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.Session;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What another process would be: a client, a connection and a session of its own, with faults and counts under them.
 * The recipe it plays is the claim queue itself.
 */
final class Party implements AutoCloseable {
    final CallFaults faults;
    final CallLog log;
    final Client client;
    final EtcdConnection connection;
    final EtcdSession session;
    final Acquirer<EtcdGrant> acquirer;

    private Party(Settings settings) {
        faults = settings.faults;
        log = settings.log;
        client = Client.builder()
                .endpoints(settings.endpoints.toArray(String[]::new))
                .interceptor(faults, log)
                .build();
        connection = new EtcdConnection(
                client, false, List.of(), settings.connectTimeout, settings.requestTimeout, settings.timing);
        Session.Builder builder = Session.builder(connection).ttl(settings.ttl);
        if (settings.executor != null) {
            builder.executor(settings.executor);
        }
        try {
            session = EtcdSession.of(builder.open());
        } catch (RuntimeException e) {
            connection.close();
            client.close();
            throw e;
        }
        acquirer = new Acquirer<>(session, grant -> grant);
    }

    /** How a party is set up. */
    static final class Settings {
        private final List<String> endpoints;
        private CallFaults faults = CallFaults.create();
        private CallLog log = CallLog.create();
        private Duration ttl = EtcdSessionBuilder.DEFAULT_TTL;
        private Duration connectTimeout = Duration.ofSeconds(20); // no matter of the tests that take the default
        private Duration requestTimeout = EtcdConnection.DEFAULT_TIMEOUT;
        private Timing timing = Timing.system();
        private @Nullable Executor executor;

        private Settings(List<String> endpoints) {
            this.endpoints = endpoints;
        }

        static Settings of(List<String> endpoints) {
            return new Settings(endpoints);
        }

        Settings ttl(long seconds) {
            ttl = Duration.ofSeconds(seconds);
            return this;
        }

        Settings connectTimeout(Duration timeout) {
            connectTimeout = timeout;
            return this;
        }

        Settings requestTimeout(Duration timeout) {
            requestTimeout = timeout;
            return this;
        }

        Settings timing(Timing other) {
            timing.close();
            timing = other;
            return this;
        }

        Settings faults(CallFaults prepared) {
            faults = prepared;
            return this;
        }

        Settings log(CallLog shared) {
            log = shared;
            return this;
        }

        Settings executor(Executor own) {
            executor = own;
            return this;
        }
    }

    static Party join(Settings settings) {
        return new Party(settings);
    }

    static ClaimSpec spec(String name) {
        return new ClaimSpec("Test", name, () -> ByteString.copyFromUtf8("a test"), false);
    }

    EtcdGrant acquire(String name) throws InterruptedException {
        return acquirer.acquire(spec(name));
    }

    CompletableFuture<EtcdGrant> acquireAsync(String name) {
        return acquirer.acquireAsync(spec(name));
    }

    /** This session's claim of a name as etcd has it. */
    String claimKey(String name) {
        return name + "/" + SessionKeys.hex(session.leaseId()).toStringUtf8();
    }

    @Override
    public void close() {
        connection.close();
        client.close();
    }
}
