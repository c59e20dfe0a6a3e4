/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
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

    private MemberProbe() {}

    /** A member's own id, and the id of the member that it takes for the leader. */
    record Status(String member, String leader) {}

    /** Whether the member answers a linearizable read, hence has a leader. A refusal for want of a password counts. */
    static boolean answers(String endpoint) {
        try {
            HttpURLConnection connection = post(endpoint + "/v3/kv/range", "{\"key\":\"AA==\"}");
            try {
                return connection.getResponseCode() < HttpURLConnection.HTTP_INTERNAL_ERROR;
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return false;
        }
    }

    static Optional<Status> status(String endpoint) {
        try {
            HttpURLConnection connection = post(endpoint + "/v3/maintenance/status", "{}");
            try (InputStream body = connection.getInputStream()) {
                String json = new String(body.readAllBytes(), StandardCharsets.UTF_8);
                Matcher member = MEMBER.matcher(json);
                Matcher leader = LEADER.matcher(json);
                return member.find() && leader.find()
                        ? Optional.of(new Status(member.group(1), leader.group(1)))
                        : Optional.empty();
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static HttpURLConnection post(String url, String json) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url).toURL().openConnection(Proxy.NO_PROXY);
        connection.setConnectTimeout(MILLIS);
        connection.setReadTimeout(MILLIS);
        connection.setRequestMethod("POST");
        connection.setRequestProperty("Connection", "close");
        connection.setDoOutput(true);
        try (OutputStream body = connection.getOutputStream()) {
            body.write(json.getBytes(StandardCharsets.UTF_8));
        }
        return connection;
    }
}
