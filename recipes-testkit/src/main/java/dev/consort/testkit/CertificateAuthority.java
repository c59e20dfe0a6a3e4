/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;

/**
 * A certificate authority of a test's own, which writes PEM files: of itself, and of the certificates that it issues for
 * servers and clients. Certificates are valid from 2020 to 2099, expired ones in 2020 only; keys are elliptic curve
 * keys. No file is removed; give a temporary folder.
 *
 * <p>This class is threadsafe.
 */
public final class CertificateAuthority {
    private static final Instant BEGIN = Instant.parse("2020-01-01T00:00:00Z");
    private static final Instant EXPIRED = Instant.parse("2020-12-31T00:00:00Z");
    private static final Instant END = Instant.parse("2099-01-01T00:00:00Z");
    private static final String CIPHER = "PBEWithHmacSHA256AndAES_256";
    private static final int SALT_BYTES = 16;
    private static final int ITERATIONS = 10_000;
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

    private final Path folder;
    private final X509Bundle root;
    private final Path certificate;
    private final AtomicInteger issued = new AtomicInteger();

    private CertificateAuthority(Path folder, X509Bundle root) {
        this.folder = folder;
        this.root = root;
        this.certificate = write("ca.pem", root.getCertificatePEM());
    }

    /**
     * A new authority, which keeps its files in an existing folder of its own.
     *
     * @throws EtcdProcessException if the folder cannot be written to
     */
    public static CertificateAuthority in(Path folder) {
        return new CertificateAuthority(
                folder.toAbsolutePath(),
                built(() -> validUntil(END)
                        .subject("CN=authority of " + folder.getFileName())
                        .setIsCertificateAuthority(true)
                        .buildSelfSigned()));
    }

    /** The PEM file with the authority's own certificate. */
    public Path certificate() {
        return certificate;
    }

    /** Issues a certificate for a common name, which etcd takes for a user, and for some host names or addresses. */
    public IssuedCertificate issue(String name, String... hosts) {
        return issue(name, END, new char[0], hosts);
    }

    /** The same with a certificate that has expired a while ago. */
    public IssuedCertificate issueExpired(String name, String... hosts) {
        return issue(name, EXPIRED, new char[0], hosts);
    }

    /** The same with a private key that is encrypted under a passphrase. */
    public IssuedCertificate issueEncrypted(String name, char[] passphrase, String... hosts) {
        return issue(name, END, passphrase, hosts);
    }

    /** Without a common name: etcd's JSON gateway refuses clients that have one. */
    IssuedCertificate issueNameless() {
        return issue("client", "O=client", END, new char[0]);
    }

    private IssuedCertificate issue(String name, Instant until, char[] passphrase, String... hosts) {
        return issue(name, "CN=" + name, until, passphrase, hosts);
    }

    private IssuedCertificate issue(String name, String subject, Instant until, char[] passphrase, String... hosts) {
        X509Bundle bundle = built(() -> {
            CertificateBuilder builder = validUntil(until)
                    .subject(subject)
                    .addExtendedKeyUsageServerAuth()
                    .addExtendedKeyUsageClientAuth();
            for (String host : hosts) {
                addHost(builder, host);
            }
            return builder.buildIssuedBy(root);
        });
        String file = name.replaceAll("[^A-Za-z0-9]", "_") + "-" + issued.incrementAndGet();
        return new IssuedCertificate(
                write(file + ".pem", bundle.getCertificatePathPEM()),
                write(file + ".key", pem(bundle.getKeyPair().getPrivate(), passphrase)));
    }

    private static CertificateBuilder validUntil(Instant end) {
        return new CertificateBuilder().ecp256().notBefore(BEGIN).notAfter(end);
    }

    private static void addHost(CertificateBuilder builder, String host) throws UnknownHostException {
        if (ADDRESS.matcher(host).matches()) {
            builder.addSanIpAddress(InetAddress.getByName(host));
        } else {
            builder.addSanDnsName(host);
        }
    }

    private static String pem(PrivateKey key, char[] passphrase) {
        try {
            return passphrase.length == 0
                    ? pem("PRIVATE KEY", key.getEncoded())
                    : pem("ENCRYPTED PRIVATE KEY", encrypted(key, passphrase));
        } catch (GeneralSecurityException | IOException e) {
            throw new EtcdProcessException("cannot write a private key", e);
        }
    }

    private static byte[] encrypted(PrivateKey key, char[] passphrase) throws GeneralSecurityException, IOException {
        byte[] salt = new byte[SALT_BYTES];
        new SecureRandom().nextBytes(salt);
        PBEKeySpec spec = new PBEKeySpec(passphrase);
        SecretKey secret = SecretKeyFactory.getInstance(CIPHER).generateSecret(spec);
        spec.clearPassword();
        Cipher cipher = Cipher.getInstance(CIPHER);
        cipher.init(Cipher.ENCRYPT_MODE, secret, new PBEParameterSpec(salt, ITERATIONS));
        // By its own name JDK 17 would not know what it has just used.
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("PBES2");
        parameters.init(cipher.getParameters().getEncoded());
        return new EncryptedPrivateKeyInfo(parameters, cipher.doFinal(key.getEncoded())).getEncoded();
    }

    private static String pem(String type, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n";
    }

    private Path write(String name, String text) {
        try {
            return Files.write(folder.resolve(name), text.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new EtcdProcessException("cannot write " + folder.resolve(name), e);
        }
    }

    /** The library's builder throws any exception. */
    private interface Build {
        X509Bundle run() throws Exception;
    }

    private static X509Bundle built(Build build) {
        try {
            return build.run();
        } catch (Exception e) {
            throw new EtcdProcessException("cannot make a certificate", e);
        }
    }

    @Override
    public String toString() {
        return "CertificateAuthority[" + certificate + "]";
    }
}
