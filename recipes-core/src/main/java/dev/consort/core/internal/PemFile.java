/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Certificates and private keys in PEM files. What is wrong is an {@link IllegalArgumentException} that names the file,
 * never what is in it. Buffers that held a key are overwritten.
 */
final class PemFile {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----([^-]+)-----END \\1PRIVATE KEY-----");

    private PemFile() {}

    static X509Certificate[] certificates(String what, Path file) {
        try {
            X509Certificate[] certificates = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(read(what, file)))
                    .toArray(new X509Certificate[0]);
            if (certificates.length == 0) {
                throw new IllegalArgumentException("tls: the " + what + " file " + file + " holds no certificate");
            }
            return certificates;
        } catch (CertificateException e) {
            throw new IllegalArgumentException(
                    "tls: the " + what + " file " + file + " is no PEM file of certificates", e);
        }
    }

    /** The private key of a certificate. */
    static PrivateKey key(Path file, @Nullable Supplier<char[]> passphrase, X509Certificate certificate) {
        byte[] bytes = read("private key", file);
        CharBuffer text = StandardCharsets.ISO_8859_1.decode(ByteBuffer.wrap(bytes));
        byte[] der = new byte[0];
        try {
            Matcher pem = KEY.matcher(text);
            if (!pem.find()) {
                throw refused(file, "holds no PEM private key", null);
            }
            der = Base64.getMimeDecoder().decode(Arrays.copyOfRange(bytes, pem.start(2), pem.end(2)));
            return switch (pem.group(1)) {
                case "" -> key(file, new PKCS8EncodedKeySpec(der), certificate);
                case "ENCRYPTED " -> key(file, decrypted(file, der, passphrase), certificate);
                default ->
                    throw refused(
                            file,
                            "is a " + pem.group(1) + "PRIVATE KEY and not PKCS#8: convert it with openssl pkcs8 -topk8",
                            null);
            };
        } catch (IllegalArgumentException malformed) {
            throw malformed.getMessage() != null && malformed.getMessage().startsWith("tls: ")
                    ? malformed
                    : refused(file, "is malformed", null);
        } finally {
            Arrays.fill(bytes, (byte) 0);
            Arrays.fill(der, (byte) 0);
            Arrays.fill(text.array(), '\0');
        }
    }

    private static PrivateKey key(Path file, PKCS8EncodedKeySpec spec, X509Certificate certificate) {
        try {
            return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                    .generatePrivate(spec);
        } catch (InvalidKeySpecException e) {
            throw refused(file, "is malformed, or of another kind than the certificate's", null);
        } catch (GeneralSecurityException e) {
            throw refused(file, "is of a kind that this JDK does not know", e);
        }
    }

    private static PKCS8EncodedKeySpec decrypted(Path file, byte[] der, @Nullable Supplier<char[]> supplier) {
        if (supplier == null) {
            throw refused(file, "is encrypted: give certificate(chain, key, passphrase)", null);
        }
        char[] passphrase = supplier.get();
        if (passphrase == null) {
            throw refused(file, "is encrypted, and the supplier of its passphrase gave null", null);
        }
        PBEKeySpec secret = new PBEKeySpec(passphrase);
        Arrays.fill(passphrase, '\0');
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
            // PBES2 is a frame; which ciphers are in it only its parameters' text tells.
            String algorithm =
                    info.getAlgName().equals("PBES2") || info.getAlgName().equals("1.2.840.113549.1.5.13")
                            ? info.getAlgParameters().toString()
                            : info.getAlgName();
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    SecretKeyFactory.getInstance(algorithm).generateSecret(secret),
                    info.getAlgParameters());
            return info.getKeySpec(cipher);
        } catch (GeneralSecurityException | IOException e) {
            throw refused(file, "cannot be decrypted: wrong passphrase, or an unknown cipher", null);
        } finally {
            secret.clearPassword();
        }
    }

    private static byte[] read(String what, Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new IllegalArgumentException("tls: cannot read the " + what + " file " + file + " (" + e + ")", e);
        }
    }

    private static IllegalArgumentException refused(Path file, String why, @Nullable Throwable cause) {
        return new IllegalArgumentException("tls: the private key file " + file + " " + why, cause);
    }
}
