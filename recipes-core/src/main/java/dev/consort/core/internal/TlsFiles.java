/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.grpc.netty.GrpcSslContexts;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the files of some TLS settings hold, for every new channel. gRPC's own reloading looks once a minute at most, and
 * only at certificates whose key has changed, too.
 *
 * <p>Concurrency: confined to the thread that opens the connection, then to the one that looks for changes.
 */
final class TlsFiles {
    private static final Logger log = LoggerFactory.getLogger(TlsFiles.class);

    /** A channel that is being made while sessions are forgotten resumes an old one, and leaves another to be resumed. */
    private static final int LOOKS_THAT_FORGET = 30;

    private final TlsSettings settings;
    private final AdvancedTlsX509TrustManager trust;
    private final AdvancedTlsX509KeyManager keys = new AdvancedTlsX509KeyManager();
    private final SslContext context;
    private List<Object> stamps;
    private int forgetting;
    private boolean failing; // also looked at again if nothing seems to have changed: a writer may be quick

    /** Reads the files. */
    TlsFiles(TlsSettings settings) {
        this.settings = settings;
        this.stamps = stamps();
        try {
            this.trust = AdvancedTlsX509TrustManager.newBuilder().build();
            read();
            SslContextBuilder builder = SslContextBuilder.forClient().trustManager(trust);
            if (settings.certificate() != null) {
                builder.keyManager(keys);
            }
            this.context = GrpcSslContexts.configure(builder, SslProvider.JDK).build();
        } catch (SSLException | CertificateException e) {
            throw new IllegalStateException("tls: this JDK cannot be used for it", e);
        }
    }

    SslContext context() {
        return context;
    }

    boolean hasFiles() {
        return settings.ca() != null || settings.certificate() != null;
    }

    /** Reads the files again if they have changed. */
    void look() {
        if (forgetting > 0) {
            forgetting--;
            forgetSessions();
        }
        List<Object> now = stamps();
        if (now.equals(stamps) && !failing) {
            return;
        }
        boolean first = !failing || !now.equals(stamps);
        stamps = now;
        try {
            read();
            failing = false;
            forgetSessions();
            forgetting = LOOKS_THAT_FORGET;
            log.info("TLS files have changed; new channels use them: {}", settings);
        } catch (RuntimeException e) {
            failing = true;
            if (first) {
                log.warn("TLS files have changed and cannot be used; keeping what they were ({})", e.getMessage());
            }
        }
    }

    private void read() {
        X509Certificate[] authorities = settings.ca() == null ? null : PemFile.certificates("CA", settings.ca());
        TlsSettings.Certificate certificate = settings.certificate();
        if (certificate != null) {
            X509Certificate[] chain = PemFile.certificates("certificate", certificate.chain());
            PrivateKey key = PemFile.key(certificate.key(), certificate.passphrase(), chain[0]);
            checkPair(certificate, key, chain[0]);
            keys.updateIdentityCredentials(chain, key);
        }
        try {
            if (authorities == null) {
                trust.useSystemDefaultTrustCerts();
            } else {
                trust.updateTrustCredentials(authorities);
            }
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException("tls: cannot use the certificates of " + settings.trusted(), e);
        }
    }

    /** One of the two may have been replaced, and the other not yet. */
    private static void checkPair(TlsSettings.Certificate files, PrivateKey key, X509Certificate certificate) {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            if (signature.verify(signed)) {
                return;
            }
        } catch (GeneralSecurityException e) {
            // Not for each other.
        }
        throw new IllegalArgumentException(
                "tls: the private key in " + files.key() + " is not that of the certificate in " + files.chain());
    }

    /** A channel that resumes an earlier TLS session would be asked for no certificate, and would look at none. */
    private void forgetSessions() {
        SSLSessionContext sessions = context.sessionContext();
        for (byte[] id : Collections.list(sessions.getIds())) {
            SSLSession session = sessions.getSession(id);
            if (session != null) {
                session.invalidate();
            }
        }
    }

    private List<Object> stamps() {
        TlsSettings.Certificate certificate = settings.certificate();
        return Stream.of(
                        settings.ca(),
                        certificate == null ? null : certificate.chain(),
                        certificate == null ? null : certificate.key())
                .filter(Objects::nonNull)
                .map(TlsFiles::stamp)
                .toList();
    }

    /** Differs when a file was written, or another one put in its place, as by a changed link. */
    private static Object stamp(Path file) {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return List.of(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
        } catch (IOException e) {
            return "missing";
        }
    }
}
