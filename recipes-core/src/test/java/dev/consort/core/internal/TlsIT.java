/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.since;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.consort.core.AuthenticationException;
import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Session;
import dev.consort.core.Tls;
import dev.consort.testkit.CertificateAuthority;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.FaultProxy;
import dev.consort.testkit.IssuedCertificate;
import io.etcd.jetcd.api.TxnRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS with a server that wants client certificates: what is right works, what is wrong is named in time. */
@Execution(ExecutionMode.CONCURRENT)
class TlsIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(700);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static CertificateAuthority authority;

    @SuppressWarnings("NullAway.Init")
    private static CertificateAuthority stranger;

    @SuppressWarnings("NullAway.Init")
    private static IssuedCertificate shown;

    @SuppressWarnings("NullAway.Init")
    private static IssuedCertificate own;

    @SuppressWarnings("NullAway.Init")
    private static EtcdProcess etcd;

    @BeforeAll
    static void start() throws IOException {
        authority = CertificateAuthority.in(Files.createDirectory(folder.resolve("ours")));
        stranger = CertificateAuthority.in(Files.createDirectory(folder.resolve("theirs")));
        shown = authority.issue("etcd", "127.0.0.1", "etcd.example");
        own = authority.issue("client");
        etcd = EtcdProcess.builder()
                .members(3)
                .shortElection()
                .unsafeNoFsync()
                .tls(authority, shown)
                .clientCertificates()
                .start();
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    private static Tls good() {
        return Tls.trusting(authority.certificate()).certificate(own.certificate(), own.key());
    }

    private static Connection.Builder to(Tls tls) {
        return Connection.to(etcd.endpoints().get(0)).tls(tls).connectTimeout(TIMEOUT);
    }

    private static void assertWorks(Connection.Builder builder) throws InterruptedException {
        try (Connection connection =
                        builder.connectTimeout(Duration.ofSeconds(20)).open();
                Session session = Session.builder(connection).open()) {
            EtcdGrant grant = new Acquirer<>(EtcdSession.of(session), made -> made).acquire(Party.spec(Parties.name()));
            assertThat(grant.isHeld()).isTrue();
            assertThat(grant.release()).isTrue();
        }
    }

    private static void assertRefused(Connection.Builder builder, String... named) {
        long begun = System.nanoTime();
        assertThatThrownBy(builder::open)
                .isInstanceOf(AuthenticationException.class)
                .hasMessageContainingAll(named);
        assertThat(since(begun)).isLessThan(TIMEOUT);
    }

    @Test
    void clientCertificateAndSeveralEndpoints_work() throws InterruptedException {
        assertWorks(Connection.to(etcd.endpoints().toArray(String[]::new)).tls(good()));
    }

    @Test
    void encryptedKey_rightPassphrase_works() throws InterruptedException {
        IssuedCertificate locked = authority.issueEncrypted("client", "open sesame".toCharArray());
        List<char[]> given = new ArrayList<>();
        assertWorks(to(Tls.trusting(authority.certificate()).certificate(locked.certificate(), locked.key(), () -> {
            char[] passphrase = "open sesame".toCharArray();
            given.add(passphrase);
            return passphrase;
        })));
        assertThat(given)
                .isNotEmpty()
                .allMatch(passphrase -> new String(passphrase).isBlank()
                        || new String(passphrase).chars().allMatch(c -> c == 0));
    }

    @Test
    void clientCertificate_missing_isNamed() {
        assertRefused(
                to(Tls.trusting(authority.certificate())), etcd.endpoints().get(0), "client certificate");
    }

    @Test
    void clientCertificate_expired_isNamed() {
        IssuedCertificate old = authority.issueExpired("client");
        assertRefused(
                to(Tls.trusting(authority.certificate()).certificate(old.certificate(), old.key())),
                "does not accept the client certificate",
                old.certificate().toString());
    }

    @Test
    void authority_wrong_isNamed() {
        // With several endpoints another one may still be good, until the time is over.
        assertRefused(
                Connection.to(etcd.endpoints().toArray(String[]::new))
                        .tls(Tls.trusting(stranger.certificate()).certificate(own.certificate(), own.key()))
                        .connectTimeout(Duration.ofSeconds(3)),
                "no authority in " + stranger.certificate(),
                "Tls.trusting");
    }

    /** Without tls(..) the JDK's trust store decides, which does not know the authority of a test. */
    @Test
    void authority_notOfTheSystem_isNamed() {
        assertRefused(
                Connection.to(etcd.endpoints().get(0)).connectTimeout(TIMEOUT),
                "no authority in the JDK's trust store");
    }

    @Test
    void hostName_wrong_isNamedAndCuredByTheOverride() throws InterruptedException {
        String elsewhere = etcd.endpoints().get(0).replace("127.0.0.1", "localhost");
        Connection.Builder builder = Connection.to(elsewhere).tls(good()).connectTimeout(TIMEOUT);
        assertRefused(builder, "not for the host", "localhost", "Tls.hostName");
        assertRefused(to(good().hostName("other.example")), "not for the host", "other.example");
        assertWorks(Connection.to(elsewhere).tls(good().hostName("etcd.example")));
    }

    @Test
    void serverCertificate_expired_isNamed() {
        IssuedCertificate old = authority.issueExpired("etcd", "127.0.0.1");
        try (EtcdProcess expired =
                EtcdProcess.builder().unsafeNoFsync().tls(authority, old).start()) {
            assertRefused(
                    Connection.to(expired.endpoints().get(0))
                            .tls(Tls.trusting(authority.certificate()))
                            .connectTimeout(TIMEOUT),
                    "server's certificate is out of its time");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endpoint_httpInsteadOfHttpsOrTheReverse_failsInTimeWithTheHint(boolean secured) {
        String wrong = secured
                ? SharedEtcd.server().endpoints().get(0).replace("http:", "https:")
                : plain(etcd.endpoints().get(0));
        assertThatThrownBy(() -> Connection.to(wrong).connectTimeout(SHORT).open())
                .isInstanceOf(EtcdUnavailableException.class)
                .hasMessageContainingAll(wrong, "http or https");
    }

    /** The client stays; its authority and the server's certificate are replaced. */
    @Test
    void authorityFile_replaced_isUsedByTheNextChannel() throws IOException {
        Path mine = Files.createDirectory(folder.resolve("rotated"));
        CertificateAuthority before = CertificateAuthority.in(Files.createDirectory(mine.resolve("before")));
        CertificateAuthority after = CertificateAuthority.in(Files.createDirectory(mine.resolve("after")));
        IssuedCertificate server = before.issue("etcd", "127.0.0.1");
        Path ca = Files.copy(before.certificate(), mine.resolve("ca.pem"));
        try (EtcdProcess rotated = EtcdProcess.builder()
                        .unsafeNoFsync()
                        .tls(before, server)
                        .start();
                Connection connection = Connection.to(rotated.endpoints().get(0))
                        .tls(Tls.trusting(ca))
                        .open()) {
            replace(after.issue("etcd", "127.0.0.1"), server);
            rotated.member(0).restart(); // and so it knows no TLS session that could be resumed
            Waits.soon(() -> assertThatThrownBy(() -> ask(connection)).hasMessageContaining("certification path"));
            Files.write(ca, new byte[] {'-', '-'}); // half of a file is as good as none
            replace(after.certificate(), ca);
            Waits.soon(() -> assertAnswers(connection));
        }
    }

    @Test
    void certificateFiles_replaced_areUsedByTheNextChannel() throws IOException {
        Path mine = Files.createDirectory(folder.resolve("own"));
        IssuedCertificate used = new IssuedCertificate(
                Files.copy(own.certificate(), mine.resolve("client.pem")),
                Files.copy(own.key(), mine.resolve("client.key")));
        try (FaultProxy proxy = FaultProxy.to(plain(etcd.endpoints().get(0)));
                Connection connection = Connection.to(secured(proxy))
                        .tls(Tls.trusting(authority.certificate()).certificate(used.certificate(), used.key()))
                        .open()) {
            replace(stranger.issue("client"), used);
            // No call is answered for a while, on new connections. With TLS 1.3 the refusal follows the handshake, and
            // the end
            // of the connection may overtake its text.
            Waits.soon(() -> {
                proxy.reset();
                long until = System.nanoTime() + Duration.ofMillis(1500).toNanos();
                while (System.nanoTime() - until < 0) {
                    assertThat(catchThrowable(() -> ask(connection))).isNotNull();
                }
            });
            replace(authority.issue("client"), used);
            Waits.soon(() -> assertAnswers(connection));

            // A key that is not the certificate's: the pair that was read before stays in use.
            Files.copy(stranger.issue("client").key(), used.key(), StandardCopyOption.REPLACE_EXISTING);
            Waits.pass(Duration.ofMillis(1500));
            proxy.reset();
            Waits.soon(() -> assertAnswers(connection));
        }
    }

    private static void assertAnswers(Connection connection) {
        assertThatCode(() -> ask(connection)).doesNotThrowAnyException();
    }

    private static void ask(Connection connection) {
        EtcdConnection engine = EtcdConnection.of(connection);
        Await.uninterruptibly(
                engine.timing(), engine.calls().txn(TxnRequest.getDefaultInstance()), Duration.ofSeconds(2));
    }

    private static String plain(String endpoint) {
        return endpoint.replace("https:", "http:");
    }

    private static String secured(FaultProxy proxy) {
        return proxy.endpoint().replace("http:", "https:");
    }

    private static void replace(IssuedCertificate source, IssuedCertificate target) throws IOException {
        replace(source.certificate(), target.certificate());
        replace(source.key(), target.key());
    }

    private static void replace(Path source, Path target) throws IOException {
        Path next = target.resolveSibling(target.getFileName() + ".next");
        Files.copy(source, next, StandardCopyOption.REPLACE_EXISTING);
        Files.move(next, target, StandardCopyOption.ATOMIC_MOVE);
    }
}
