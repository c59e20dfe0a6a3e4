/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.since;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.AuthenticationException;
import dev.consort.core.Connection;
import dev.consort.core.PermissionDeniedException;
import dev.consort.core.QueueReport;
import dev.consort.core.Session;
import dev.consort.core.SessionState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** S20: users, passwords, and permissions that are missing or taken away. */
@Execution(ExecutionMode.CONCURRENT)
class UserIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    @SuppressWarnings("NullAway.Init")
    private static SecuredServer server;

    @BeforeAll
    static void start() {
        server = new SecuredServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Acquirer<EtcdGrant> acquirer(Session session) {
        return new Acquirer<>(EtcdSession.of(session), grant -> grant);
    }

    private static void assertRefused(ThrowingCallable open, String... named) {
        long begun = System.nanoTime();
        assertThatThrownBy(open)
                .isInstanceOf(AuthenticationException.class)
                .hasMessageContainingAll(named)
                .hasMessageNotContaining("secret");
        assertThat(since(begun)).isLessThan(TIMEOUT);
    }

    @Test
    void password_isAskedOncePerAuthentication_andOverwritten() throws InterruptedException {
        String user = server.user("consort/session/", "test/");
        ConcurrentLinkedQueue<char[]> given = new ConcurrentLinkedQueue<>();
        ConcurrentLinkedQueue<String> threads = new ConcurrentLinkedQueue<>();
        try (Connection connection = SecuredServer.to(server.etcd.endpoints())
                        .user(user, () -> {
                            threads.add(Thread.currentThread().getName());
                            char[] password = SecuredServer.password(user).toCharArray();
                            given.add(password);
                            return password;
                        })
                        .open();
                Session session = Session.builder(connection).open()) {
            assertThat(acquirer(session).acquire(Party.spec(Parties.name())).release())
                    .isTrue();
            assertThat(given)
                    .singleElement()
                    .satisfies(password -> assertThat(password).containsOnly('\0'));
            assertThat(threads).allMatch(thread -> thread.startsWith("consort-access"));
        }
    }

    @Test
    void password_wrong_isNamedAndNotTriedAgainAtOnce() {
        String user = server.user();
        AtomicInteger asked = new AtomicInteger();
        assertRefused(
                () -> SecuredServer.to(server.etcd.endpoints())
                        .user(user, () -> {
                            asked.incrementAndGet();
                            return "another secret".toCharArray();
                        })
                        .open(),
                "'" + user + "'",
                server.etcd.endpoints().get(0),
                "another password");
        assertThat(asked).hasValueLessThan(3);
    }

    @Test
    void password_supplierFails_isNamed() {
        assertRefused(
                () -> SecuredServer.to(server.etcd.endpoints())
                        .user("someone", () -> {
                            throw new IllegalStateException("vault sealed");
                        })
                        .open(),
                "'someone'",
                "supplier of its password failed");
        assertRefused(
                () -> SecuredServer.to(server.etcd.endpoints())
                        .user("someone", Missing::value)
                        .open(),
                "supplier of its password failed");
    }

    @Test
    void user_missingWhereOneIsNeeded_isNamed() {
        assertRefused(
                () -> SecuredServer.to(server.etcd.endpoints()).open(),
                "etcd asks for a user",
                "Connection.Builder.user");
    }

    @Test
    void user_givenWhereThereIsNoAuthentication_isNamed() {
        assertRefused(
                () -> SecuredServer.to(SharedEtcd.server().endpoints())
                        .user("someone", "secret"::toCharArray)
                        .open(),
                "'someone'",
                "authentication is not enabled",
                "leave user(..) out");
    }

    /** Simple tokens live in the memory of a member. */
    @Test
    void serverRestarted_tokenUnknown_isRenewed() throws InterruptedException {
        try (SecuredServer restarted = new SecuredServer()) {
            String user = restarted.user("consort/session/", "test/");
            try (Connection connection = restarted.as(user).open();
                    Session session = Session.builder(connection).open()) {
                EtcdGrant held = acquirer(session).acquire(Party.spec(Parties.name()));
                restarted.etcd.member(0).restart();
                assertThat(acquirer(session).acquire(Party.spec(Parties.name())).isHeld())
                        .isTrue();
                assertThat(held.release()).isTrue();
                assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
            }
        }
    }

    /** A token is good at every member; that of a restarted one is renewed. */
    @Test
    void membersKilledOneAfterTheOther_tokensGoOn() throws InterruptedException {
        try (SecuredServer cluster = new SecuredServer(3)) {
            String user = cluster.user("consort/session/", "test/");
            try (Connection connection = cluster.as(user).open();
                    Session session = Session.builder(connection).open()) {
                for (int i = 0; i < 3; i++) {
                    EtcdGrant held = acquirer(session).acquire(Party.spec(Parties.name()));
                    cluster.etcd.member(i).kill();
                    assertThat(acquirer(session)
                                    .acquire(Party.spec(Parties.name()))
                                    .release())
                            .isTrue();
                    assertThat(held.release()).isTrue();
                    cluster.etcd.member(i).restart();
                }
                assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
            }
        }
    }

    @Test
    void report_ofAPrefixThatIsNotGranted_saysSo() {
        String user = server.user("consort/session/", "test/");
        try (Connection connection = server.as(user).open()) {
            assertThatThrownBy(() -> QueueReport.of(connection, "customers"))
                    .isInstanceOfSatisfying(
                            PermissionDeniedException.class,
                            e -> assertThat(e.key()).isEqualTo("customers/"))
                    .hasMessageContaining("permission");
        }
    }

    @Test
    void sessionPrefix_notGranted_saysWhatToGrant() {
        String user = server.user("name");
        try (Connection connection = server.as(user).namespace("app/").open()) {
            long begun = System.nanoTime();
            assertThatThrownBy(() -> Session.builder(connection).open())
                    .isInstanceOfSatisfying(
                            PermissionDeniedException.class,
                            e -> assertThat(e.key()).isEqualTo("app/consort/session/"))
                    .hasMessageContaining("role grant-permission --prefix=true ROLE readwrite app/consort/session/");
            assertThat(since(begun)).isLessThan(Duration.ofSeconds(10));
        }
    }

    @Test
    void namespace_rolesOnThePrefixedKeys_suffice() throws InterruptedException {
        String user = server.user("app2/consort/session/", "app2/orders/");
        try (Connection connection = server.as(user).namespace("app2/").open();
                Session session = Session.builder(connection).open()) {
            assertThat(acquirer(session).acquire(Party.spec("orders/1")).release())
                    .isTrue();
            assertThatThrownBy(() -> acquirer(session).acquire(Party.spec("customers/1")))
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContainingAll("customers/1", "permission");
        }
    }

    @Test
    void permissionRevoked_holderAndWaiter_failFastWithTheName() throws InterruptedException {
        String user = server.user("consort/session/", "revoked/");
        String other = server.user("consort/session/", "revoked/");
        String name = "revoked/" + Parties.name();
        try (Connection mine = server.as(user).open();
                Connection theirs = server.as(other).open();
                Session holder = Session.builder(theirs).open();
                Session session = Session.builder(mine).open()) {
            EtcdGrant held = acquirer(session).acquire(Party.spec("revoked/" + Parties.name()));
            EtcdGrant before = acquirer(holder).acquire(Party.spec(name));
            server.revoke(user, "revoked/");
            long begun = System.nanoTime();
            CompletableFuture<EtcdGrant> late = acquirer(session).acquireAsync(Party.spec(name));
            assertThat(Waits.failure(late))
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining(name);
            assertThatThrownBy(() -> held.guard().txn().put("revoked/x", "x").commit())
                    .isInstanceOf(PermissionDeniedException.class);
            assertThatThrownBy(held::release).isInstanceOf(PermissionDeniedException.class);
            assertThat(since(begun)).isLessThan(Duration.ofSeconds(10));

            // What goes on: the session, whose prefix is still granted, and so does the release once it is granted
            // again.
            assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
            assertThat(before.release()).isTrue();
            server.grant(user, "revoked/");
            Waits.soon(
                    () -> assertThat(acquirer(session).acquire(Party.spec(name)).release())
                            .isTrue());
        }
    }

    /** One that was waiting when the permission was taken away learns it when it has to read. */
    @Test
    void permissionRevoked_whileWaiting_failsWhenThePredecessorGoes() throws InterruptedException {
        String user = server.user("consort/session/", "waiting/");
        String other = server.user("consort/session/", "waiting/");
        String name = "waiting/" + Parties.name();
        try (Connection mine = server.as(user).open();
                Connection theirs = server.as(other).open();
                Session holder = Session.builder(theirs).open();
                Session session = Session.builder(mine).open()) {
            EtcdGrant before = acquirer(holder).acquire(Party.spec(name));
            CompletableFuture<EtcdGrant> waiting = acquirer(session).acquireAsync(Party.spec(name));
            Waits.pass(Duration.ofMillis(300)); // its watches stand
            server.revoke(user, "waiting/");
            server.etcd.etcdctl(
                    "del", name + "/" + SessionKeys.hex(holder.leaseId()).toStringUtf8());
            long begun = System.nanoTime();
            assertThat(Waits.failure(waiting))
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining(name);
            assertThat(since(begun)).isLessThan(Duration.ofSeconds(10));
            Waits.soon(() -> assertThat(before.isHeld()).isFalse());
        }
    }

    @Test
    void toStrings_nameNoSecret() {
        String user = server.user("consort/session/");
        Connection.Builder builder = server.as(user);
        try (Connection connection = builder.open();
                Session session = Session.builder(connection).open()) {
            assertThat(List.of(builder, connection, session).toString()).doesNotContain(SecuredServer.password(user));
        }
    }
}
