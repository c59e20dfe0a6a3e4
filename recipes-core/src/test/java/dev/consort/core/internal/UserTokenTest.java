/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthenticateResponse;
import io.grpc.CallCredentials.MetadataApplier;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a token is asked for, and by how many, on the test's own thread. */
class UserTokenTest {
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

    private final ManualTiming timing = new ManualTiming();
    private final ScriptedServer server = new ScriptedServer();
    private final Client client = server.client();
    private final EtcdConnection connection =
            new EtcdConnection(client, false, List.of(), Duration.ofSeconds(5), Duration.ofSeconds(5), timing);
    private final List<char[]> given = new ArrayList<>();
    private final UserToken token = new UserToken("orders", this::password, List.of("http://a:2379"), Runnable::run);
    private final List<Metadata> applied = new ArrayList<>();
    private final List<Status> failed = new ArrayList<>();

    UserTokenTest() {
        token.bind(connection.calls());
    }

    @AfterEach
    void close() {
        connection.close();
        client.close();
    }

    private char[] password() {
        char[] password = "a password".toCharArray();
        given.add(password);
        return password;
    }

    /** A call that wants a token. */
    private void call() {
        token.applyRequestMetadata(Missing.value(), Runnable::run, new MetadataApplier() {
            @Override
            public void apply(Metadata headers) {
                applied.add(headers);
            }

            @Override
            public void fail(Status status) {
                failed.add(status);
            }
        });
    }

    private List<ScriptedServer.Call> asked() {
        return server.take(AuthGrpc.getAuthenticateMethod());
    }

    private ScriptedServer.Call only() {
        List<ScriptedServer.Call> asked = asked();
        assertThat(asked).hasSize(1);
        return asked.get(0);
    }

    private static AuthenticateResponse answer(String token) {
        return AuthenticateResponse.newBuilder().setToken(token).build();
    }

    private List<String> tokens() {
        return applied.stream().map(headers -> headers.get(TOKEN)).toList();
    }

    @Test
    void callsThatWait_shareOneAuthentication() {
        call();
        call();
        ScriptedServer.Call asked = only();
        assertThat(applied).isEmpty();
        asked.answer(answer("first"));
        call();
        assertThat(tokens()).containsExactly("first", "first", "first");
        assertThat(asked()).isEmpty();
        assertThat(given)
                .singleElement()
                .satisfies(password -> assertThat(password).containsOnly('\0'));
    }

    @Test
    void refusedToken_isRenewedByTheNextCall_andOnlyOnce() {
        call();
        only().answer(answer("first"));
        Metadata first = applied.get(0);
        token.refused(first);
        call();
        only().answer(answer("second"));
        token.refused(first); // by another call that carried it, too late
        call();
        assertThat(tokens()).containsExactly("first", "second", "second");
        assertThat(asked()).isEmpty();
    }

    /** Many calls a second would be as many attempts, which may lock the user out. */
    @Test
    void wrongPassword_isNotTriedAgainForASecond() {
        call();
        only().end(Status.INVALID_ARGUMENT.withDescription(
                "etcdserver: authentication failed, invalid user ID or password"));
        assertThat(failed).hasSize(1);
        assertThat(failed.get(0).getDescription()).contains("orders", "another password");
        timing.advance(Duration.ofMillis(990));
        call();
        assertThat(failed).hasSize(2);
        assertThat(asked()).isEmpty();
        timing.advance(Duration.ofMillis(20));
        call();
        only().answer(answer("right at last"));
        assertThat(tokens()).containsExactly("right at last");
    }

    /** One after the other, up to the request timeout; then the next call tries anew. */
    @Test
    void endpointAway_isTriedAgainUntilTheRequestTimeout() {
        call();
        int attempts = 0;
        for (int i = 0; i < 100 && failed.isEmpty(); i++) {
            for (ScriptedServer.Call asked : asked()) {
                attempts++;
                asked.end(Status.UNAVAILABLE);
            }
            timing.advance(Duration.ofMillis(500));
        }
        assertThat(attempts).isBetween(5, 20);
        assertThat(failed).hasSize(1);
        call();
        only().answer(answer("back"));
        assertThat(tokens()).containsExactly("back");
    }
}
