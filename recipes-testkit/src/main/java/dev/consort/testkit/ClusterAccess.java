/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * How a cluster is secured, and how the test kit itself gets in: what the members and etcdctl are told, and connections
 * to the members' JSON gateway. The test kit trusts whoever listens at a member's port, so that it can also run servers
 * whose certificates are bad.
 */
final class ClusterAccess {
    static final ClusterAccess OPEN = new ClusterAccess(null, null, false, null);
    private static final String ROOT = "root";

    private final @Nullable CertificateAuthority authority;
    private final @Nullable IssuedCertificate server;
    private final boolean clientCertificates;
    private final @Nullable String rootPassword;
    private final @Nullable SSLContext context;
    private final @Nullable IssuedCertificate own;

    ClusterAccess(
            @Nullable CertificateAuthority authority,
            @Nullable IssuedCertificate server,
            boolean clientCertificates,
            @Nullable String rootPassword) {
        this.authority = authority;
        this.server = server;
        this.clientCertificates = clientCertificates;
        this.rootPassword = rootPassword;
        this.own = authority != null && clientCertificates ? authority.issueNameless() : null;
        this.context = authority == null ? null : context(own);
    }

    String url(int port) {
        return (authority == null ? "http" : "https") + "://127.0.0.1:" + port;
    }

    @Nullable
    String rootPassword() {
        return rootPassword;
    }

    /** For each member. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        if (authority != null && server != null) {
            arguments.add("--cert-file=" + server.certificate());
            arguments.add("--key-file=" + server.key());
            if (clientCertificates) {
                arguments.add("--client-cert-auth");
                arguments.add("--trusted-ca-file=" + authority.certificate());
            }
        }
        if (rootPassword != null) {
            arguments.add("--bcrypt-cost=4"); // the lowest: passwords of tests need no protection
        }
        return arguments;
    }

    /** For etcdctl; flags among its arguments stand in the place of these. */
    Map<String, String> environment(List<String> etcdctlArguments) {
        Map<String, String> environment = new HashMap<>(Map.of("ETCDCTL_API", "3"));
        if (authority != null) {
            environment.put("ETCDCTL_CACERT", authority.certificate().toString());
            environment.put("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "true");
        }
        if (own != null) {
            environment.put("ETCDCTL_CERT", own.certificate().toString());
            environment.put("ETCDCTL_KEY", own.key().toString());
        }
        if (rootPassword != null) {
            environment.put("ETCDCTL_USER", ROOT + ":" + rootPassword);
        }
        environment
                .keySet()
                .removeIf(name -> etcdctlArguments.stream().anyMatch(argument -> argument.startsWith(flag(name))));
        return environment;
    }

    private static String flag(String variable) {
        return "--"
                + variable.substring("ETCDCTL_".length())
                        .toLowerCase(Locale.ROOT)
                        .replace('_', '-');
    }

    /** What makes the server ask for a user, in order. */
    List<List<String>> commandsToEnableAuth() {
        return rootPassword == null
                ? List.of()
                : List.of(List.of("user", "add", ROOT + ":" + rootPassword), List.of("auth", "enable"));
    }

    HttpURLConnection connect(String url) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url).toURL().openConnection(Proxy.NO_PROXY);
        if (connection instanceof HttpsURLConnection secured && context != null) {
            secured.setSSLSocketFactory(context.getSocketFactory());
            secured.setHostnameVerifier((host, session) -> true);
        }
        return connection;
    }

    private static SSLContext context(@Nullable IssuedCertificate own) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    own == null ? null : keyManagers(own), new TrustManager[] {new TrustAnybody()}, new SecureRandom());
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new EtcdProcessException("cannot set TLS up", e);
        }
    }

    private static KeyManager[] keyManagers(IssuedCertificate own) throws GeneralSecurityException, IOException {
        Certificate[] chain;
        try (InputStream pem = Files.newInputStream(own.certificate())) {
            chain = CertificateFactory.getInstance("X.509")
                    .generateCertificates(pem)
                    .toArray(new Certificate[0]);
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                ROOT,
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der(own.key()))),
                new char[0],
                chain);
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    private static byte[] der(Path pem) throws IOException {
        String body = Files.readString(pem, StandardCharsets.US_ASCII).replaceAll("-----.*-----", "");
        return Base64.getMimeDecoder().decode(body);
    }

    private static final class TrustAnybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
