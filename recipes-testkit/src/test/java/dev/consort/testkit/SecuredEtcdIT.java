/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers with TLS and users, and the certificates for them. */
class SecuredEtcdIT {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void tlsClientCertificatesAndAuth_letTheTestKitInAndNobodyElse() throws IOException {
        CertificateAuthority authority = CertificateAuthority.in(folder);
        try (EtcdProcess etcd = EtcdProcess.builder()
                .members(3)
                .shortElection()
                .unsafeNoFsync()
                .tls(authority)
                .clientCertificates()
                .auth("secret of root")
                .start()) {
            assertThat(etcd.endpoints()).allMatch(endpoint -> endpoint.startsWith("https://127.0.0.1:"));
            assertThat(etcd.etcdctl("put", "key", "value")).isEqualTo("OK\n");
            etcd.member(etcd.leader()).restart();
            assertThat(etcd.etcdctl("get", "key", "--print-value-only")).isEqualTo("value\n");
            assertThatExceptionOfType(EtcdProcessException.class)
                    .isThrownBy(() -> etcd.etcdctl("--user=root:wrong", "get", "key"))
                    .withMessageContaining("authentication failed");
            assertThatThrownBy(() -> handshake(etcd.endpoints().get(0), authority))
                    .as("without a client certificate")
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void tls_serverShowsACertificateOfTheAuthority_readAgain() throws IOException, GeneralSecurityException {
        CertificateAuthority authority = CertificateAuthority.in(Files.createDirectory(folder.resolve("ours")));
        CertificateAuthority stranger = CertificateAuthority.in(Files.createDirectory(folder.resolve("theirs")));
        IssuedCertificate shown = authority.issue("etcd", "127.0.0.1", "localhost");
        try (EtcdProcess etcd =
                EtcdProcess.builder().unsafeNoFsync().tls(authority, shown).start()) {
            String endpoint = etcd.endpoints().get(0);
            assertThat(handshake(endpoint, authority).getSubjectX500Principal().getName())
                    .isEqualTo("CN=etcd");
            assertThatThrownBy(() -> handshake(endpoint, stranger)).isInstanceOf(SSLException.class);

            IssuedCertificate expired = authority.issueExpired("old", "127.0.0.1");
            Files.copy(expired.certificate(), shown.certificate(), StandardCopyOption.REPLACE_EXISTING);
            Files.copy(expired.key(), shown.key(), StandardCopyOption.REPLACE_EXISTING);
            assertThatThrownBy(() -> handshake(endpoint, authority))
                    .hasRootCauseInstanceOf(CertificateExpiredException.class);
            assertThat(etcd.etcdctl("put", "key", "value"))
                    .as("the test kit does not mind")
                    .isEqualTo("OK\n");
        }
    }

    @Test
    void clientCertificates_withoutTls_areRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> EtcdProcess.builder().clientCertificates().start())
                .withMessageContaining("tls");
    }

    @Test
    void certificates_nameTheirHosts_andHideTheirKeys() throws IOException, GeneralSecurityException {
        CertificateAuthority authority = CertificateAuthority.in(folder);
        IssuedCertificate issued =
                authority.issueEncrypted("some one", "open sesame".toCharArray(), "a.example", "::1", "10.0.0.1");
        X509Certificate certificate = read(issued.certificate());
        assertThat(certificate.getSubjectAlternativeNames())
                .containsExactlyInAnyOrder(
                        List.of(2, "a.example"), List.of(7, "0:0:0:0:0:0:0:1"), List.of(7, "10.0.0.1"));
        certificate.verify(read(authority.certificate()).getPublicKey());
        assertThat(issued.key()).content().startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
        assertThat(authority.toString()).contains(folder.toString());
    }

    private static X509Certificate read(Path pem) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(pem)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    /** What a client without a certificate gets to see that trusts an authority; fails if the server says no. */
    private static X509Certificate handshake(String endpoint, CertificateAuthority trusted)
            throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("ca", read(trusted.certificate()));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        URI uri = URI.create(endpoint);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout(5_000);
            socket.startHandshake();
            socket.getOutputStream().write("GET /version HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            if (socket.getInputStream().read() < 0) {
                throw new IOException("hung up");
            }
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }
}
