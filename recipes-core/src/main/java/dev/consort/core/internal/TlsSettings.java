/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Tls;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a user has said about TLS.
 *
 * @param ca whom to trust; the JDK's trust store if null
 * @param certificate what to show; nothing if null
 * @param hostName what servers must be called instead of their endpoints' hosts, if not null
 */
public record TlsSettings(
        @Nullable Path ca,
        @Nullable Certificate certificate,
        @Nullable String hostName) implements Tls {
    /**
     * A certificate of the client's own.
     *
     * @param passphrase of the key; null if it is not encrypted
     */
    record Certificate(Path chain, Path key, @Nullable Supplier<char[]> passphrase) {
        Certificate {
            Objects.requireNonNull(chain, "chainPem");
            Objects.requireNonNull(key, "keyPem");
        }

        /** Without what the supplier of a passphrase may say of itself. */
        @Override
        public String toString() {
            return chain + " with " + (passphrase == null ? "" : "encrypted ") + "key " + key;
        }
    }

    /** Without a certificate. */
    public static Tls trusting(@Nullable Path ca) {
        return new TlsSettings(ca, null, null);
    }

    @Override
    public Tls certificate(Path chainPem, Path keyPem) {
        return new TlsSettings(ca, new Certificate(chainPem, keyPem, null), hostName);
    }

    @Override
    public Tls certificate(Path chainPem, Path keyPem, Supplier<char[]> passphrase) {
        Objects.requireNonNull(passphrase, "passphrase");
        return new TlsSettings(ca, new Certificate(chainPem, keyPem, passphrase), hostName);
    }

    @Override
    public Tls hostName(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("hostName is blank: give the name in the servers' certificates");
        }
        return new TlsSettings(ca, certificate, name);
    }

    String trusted() {
        return ca == null ? "the JDK's trust store" : ca.toString();
    }

    @Override
    public String toString() {
        return "Tls[trusting " + trusted() + (certificate == null ? "" : ", showing " + certificate)
                + (hostName == null ? "" : ", expecting " + hostName) + "]";
    }
}
