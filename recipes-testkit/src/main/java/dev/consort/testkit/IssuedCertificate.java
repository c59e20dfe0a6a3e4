/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.nio.file.Path;

/**
 * A certificate that a {@link CertificateAuthority} has issued, for a server and for a client alike.
 *
 * @param certificate a PEM file with the certificate and those between it and its authority
 * @param key a PEM file with its private key as PKCS#8, encrypted if that was asked for
 */
public record IssuedCertificate(Path certificate, Path key) {}
