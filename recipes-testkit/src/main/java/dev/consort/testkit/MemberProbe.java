/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks a member through etcd's JSON gateway: that needs no gRPC channel, whose back-off would slow the first attempts
 * down, and leaves no thread behind.
 */
final class MemberProbe {
    private static final int MILLIS = 1_000;
    private static final Pattern MEMBER = Pattern.compile("\"member_id\":\"(\\d+)\"");
    private static final Pattern LEADER = Pattern.compile("\"leader\":\"(\\d+)\"");
    private static final Pattern TOKEN = Pattern.compile("\"token\":\"([^\"]+)\"");

    private static final Pattern WATCHES = Pattern.compile("(?m)^etcd_debugging_mvcc_watcher_total (\\d+)$");

    private MemberProbe() {}

    /** A member's own id, and the id of the member that it takes for the leader. */
    record Status(String member, String leader) {}

    /** Whether the member answers a linearizable read, hence has a leader. A refusal for want of a password counts. */
    static boolean answers(ClusterAccess access, String endpoint) {
        try {
            HttpURLConnection connection = connect(access, endpoint + "/v3/kv/range");
            try {
                send(connection, "{\"key\":\"AA==\"}");
                return connection.getResponseCode() < HttpURLConnection.HTTP_INTERNAL_ERROR;
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return false;
        }
    }

    static Optional<Status> status(ClusterAccess access, String endpoint) {
        try {
            HttpURLConnection connection = connect(access, endpoint + "/v3/maintenance/status");
            Optional<String> token = token(access, endpoint);
            token.ifPresent(value -> connection.setRequestProperty("Authorization", value));
            String json = answer(connection, "{}");
            Matcher member = MEMBER.matcher(json);
            Matcher leader = LEADER.matcher(json);
            return member.find() && leader.find()
                    ? Optional.of(new Status(member.group(1), leader.group(1)))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** How many watches a member without TLS serves, whoever has them. */
    static int watches(String endpoint) throws IOException {
        HttpURLConnection connection = connect(ClusterAccess.OPEN, endpoint + "/metrics");
        connection.setRequestMethod("GET");
        connection.setDoOutput(false);
        try (InputStream body = connection.getInputStream()) {
            Matcher watches = WATCHES.matcher(new String(body.readAllBytes(), StandardCharsets.UTF_8));
            if (!watches.find()) {
                throw new EtcdProcessException("no count of watches at " + endpoint + "/metrics");
            }
            return Integer.parseInt(watches.group(1));
        } finally {
            connection.disconnect();
        }
    }

    private static Optional<String> token(ClusterAccess access, String endpoint) throws IOException {
        String password = access.rootPassword();
        if (password == null) {
            return Optional.empty();
        }
        String request = "{\"name\":\"root\",\"password\":\""
                + password.replace("\\", "\\\\").replace("\"", "\\\"") + "\"}";
        Matcher token = TOKEN.matcher(answer(connect(access, endpoint + "/v3/auth/authenticate"), request));
        return token.find() ? Optional.of(token.group(1)) : Optional.empty();
    }

    private static String answer(HttpURLConnection connection, String json) throws IOException {
        send(connection, json);
        try (InputStream body = connection.getInputStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } finally {
            connection.disconnect();
        }
    }

    private static HttpURLConnection connect(ClusterAccess access, String url) throws IOException {
        HttpURLConnection connection = access.connect(url);
        connection.setConnectTimeout(MILLIS);
        connection.setReadTimeout(MILLIS);
        connection.setRequestMethod("POST");
        connection.setRequestProperty("Connection", "close");
        connection.setDoOutput(true);
        return connection;
    }

    private static void send(HttpURLConnection connection, String json) throws IOException {
        try (OutputStream body = connection.getOutputStream()) {
            body.write(json.getBytes(StandardCharsets.UTF_8));
        }
    }
}
