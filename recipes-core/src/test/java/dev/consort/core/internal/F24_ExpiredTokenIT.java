/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionState;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.Event;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * F24, S20: a token that expires during a long wait, or an idle time, fails it. The tokens of this server expire 2 s
 * after they were given, however much they are used, and with every change of users and roles.
 */
@Execution(ExecutionMode.CONCURRENT)
class F24_ExpiredTokenIT {
    private static final Duration LONGER_THAN_A_TOKEN = Duration.ofMillis(2500);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static SecuredServer server;

    @SuppressWarnings("NullAway.Init")
    private static String user;

    @BeforeAll
    static void start() throws IOException, GeneralSecurityException {
        KeyPair pair = KeyPairGenerator.getInstance("RSA").generateKeyPair();
        Path secret = pem("PRIVATE KEY", pair.getPrivate().getEncoded());
        Path known = pem("PUBLIC KEY", pair.getPublic().getEncoded());
        server = new SecuredServer(
                "--auth-token=jwt,priv-key=" + secret + ",pub-key=" + known + ",sign-method=RS256,ttl=2s");
        user = server.user("consort/session/", "test/");
    }

    private static Path pem(String type, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(
                folder.resolve(type.replace(" ", "")),
                "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Acquirer<EtcdGrant> acquirer(Session session) {
        return new Acquirer<>(EtcdSession.of(session), grant -> grant);
    }

    private static Connection connect() {
        return server.as(user).open();
    }

    @Test
    void tokenExpires_whileWaitingAndHolding_nothingIsNoticed() throws InterruptedException {
        String name = Parties.name();
        try (Connection one = connect();
                Connection two = connect();
                Session holder = Session.builder(one).ttl(Duration.ofSeconds(5)).open();
                Session waiter = Session.builder(two).ttl(Duration.ofSeconds(5)).open()) {
            EtcdGrant held = acquirer(holder).acquire(Party.spec(name));
            CompletableFuture<EtcdGrant> waiting = acquirer(waiter).acquireAsync(Party.spec(name));
            Waits.pass(LONGER_THAN_A_TOKEN);
            Waits.assertWaiting(waiting);
            assertThat(held.isHeld()).isTrue();
            assertThat(held.guard().txn().put(name + "-written", "x").commit()).isTrue();
            assertThat(held.release()).isTrue();
            EtcdGrant next = Waits.get(waiting);
            assertThat(next.token()).isGreaterThan(held.token());
            assertThat(holder.state()).isEqualTo(SessionState.ACTIVE);
            assertThat(waiter.state()).isEqualTo(SessionState.ACTIVE);
        }
    }

    /** The stream of an idle session carries a token of long ago, and a new watch on it would be refused. */
    @Test
    void tokenExpires_whileIdle_newWatchesComeToStand() throws InterruptedException {
        String name = Parties.name();
        try (Connection one = connect();
                Connection two = connect();
                Session first = Session.builder(one).open();
                Session second = Session.builder(two).open()) {
            Waits.pass(LONGER_THAN_A_TOKEN);
            EtcdGrant held = acquirer(first).acquire(Party.spec(name));
            CompletableFuture<EtcdGrant> waiting = acquirer(second).acquireAsync(Party.spec(name));
            WatchProbe probe = new WatchProbe();
            EtcdConnection.of(two).watches().watch(WatchHub.key(ByteString.copyFromUtf8(name)), 0, probe);
            Waits.get(probe.created);
            // An operator's delete reaches the waiter by the watches that it opened after the token had expired.
            server.etcd.etcdctl(
                    "del", name + "/" + SessionKeys.hex(first.leaseId()).toStringUtf8());
            assertThat(Waits.get(waiting).isHeld()).isTrue();
            Waits.soon(() -> assertThat(held.isHeld()).isFalse());
            assertThat(probe.refused).isNotDone();
        }
    }

    /** Each change of roles makes all tokens of this kind too old. */
    @Test
    void rolesChange_tokensAreTooOld_areRenewed() throws InterruptedException {
        try (Connection connection = connect();
                Session session = Session.builder(connection).open()) {
            for (int i = 0; i < 3; i++) {
                server.grant(user, "more" + i + "/");
                EtcdGrant grant = acquirer(session).acquire(Party.spec(Parties.name()));
                assertThat(grant.release()).isTrue();
            }
        }
    }

    @Test
    void clientOfTheConnection_isAuthenticatedAndRenewed() {
        String name = Parties.name();
        ByteSequence key = ByteSequence.from(name, StandardCharsets.UTF_8);
        try (Connection connection = connect()) {
            Waits.get(connection.client().getKVClient().put(key, key));
            Waits.pass(LONGER_THAN_A_TOKEN);
            assertThat(Waits.get(connection.client().getKVClient().get(key)).getKvs())
                    .hasSize(1);
        }
    }

    /** jetcd caches the token of a client's user. */
    @Test
    void usersOwnClient_itsTokenExpires_isRenewed() throws InterruptedException {
        try (Client client = Client.builder()
                        .endpoints(server.etcd.endpoints().toArray(String[]::new))
                        .user(ByteSequence.from(user, StandardCharsets.UTF_8))
                        .password(ByteSequence.from(SecuredServer.password(user), StandardCharsets.UTF_8))
                        .build();
                Connection connection = Connection.of(client);
                Session session =
                        Session.builder(connection).ttl(Duration.ofSeconds(5)).open()) {
            Waits.pass(LONGER_THAN_A_TOKEN);
            EtcdGrant grant = acquirer(session).acquire(Party.spec(Parties.name()));
            assertThat(grant.isHeld()).isTrue();
            assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        }
    }

    private static final class WatchProbe implements WatchHub.Listener {
        final CompletableFuture<Boolean> created = new CompletableFuture<>();
        final CompletableFuture<String> refused = new CompletableFuture<>();

        @Override
        public void onCreated() {
            created.complete(true);
        }

        @Override
        public void onEvents(List<Event> events) {}

        @Override
        public void onGap() {}

        @Override
        public void onRefused(String reason) {
            refused.complete(reason);
            created.completeExceptionally(new AssertionError(reason));
        }
    }
}
