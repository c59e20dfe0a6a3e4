/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import dev.consort.core.internal.TlsSettings;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * How a connection uses TLS: whose servers it trusts, and what it shows of itself. The server's certificate must always
 * name the host that was connected to; there is no way to switch that off.
 *
 * <p>Files are PEM. They are read when a connection is opened, and again about a second after they have changed; new
 * channels to etcd use what was read last, those that stand go on. A file that cannot be used, such as one that is half
 * written, is logged once, and what was read before stays in use.
 *
 * <p>This interface is not for users to implement. Its instances are immutable and thread-safe, and may be given to
 * several connections. Their {@code toString} names files, never what is in them.
 */
public interface Tls {
    /**
     * Trusts the authorities that the JDK's own trust store has.
     *
     * @return settings without a client certificate
     */
    static Tls system() {
        return TlsSettings.trusting(null);
    }

    /**
     * Trusts these authorities only.
     *
     * @param caPem a file with one or more certificates
     * @return settings without a client certificate
     */
    static Tls trusting(Path caPem) {
        return TlsSettings.trusting(Objects.requireNonNull(caPem, "caPem"));
    }

    /**
     * Shows servers a certificate, which etcd asks for with {@code --client-cert-auth}.
     *
     * @param chainPem a file with the certificate, and those between it and its authority after it
     * @param keyPem a file with its private key as PKCS#8, not encrypted
     * @return these settings with the certificate
     */
    Tls certificate(Path chainPem, Path keyPem);

    /**
     * Shows servers a certificate whose private key is encrypted.
     *
     * @param chainPem a file with the certificate, and those between it and its authority after it
     * @param keyPem a file with its private key as encrypted PKCS#8
     * @param passphrase asked each time when the key is read, on a thread of its own after the first time; the array is
     *     overwritten after use, so give a new one each time
     * @return these settings with the certificate
     */
    Tls certificate(Path chainPem, Path keyPem, Supplier<char[]> passphrase);

    /**
     * Expects another name in the certificates of all servers than the endpoints have, as where they are reached through
     * a tunnel.
     *
     * @param name a host name or address
     * @return these settings with the name
     */
    Tls hostName(String name);
}
