/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.since;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Session;
import dev.consort.testkit.FaultProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F22, S24: opening hangs for ever when no server answers. */
@Execution(ExecutionMode.CONCURRENT)
class F22_OpenHangsIT {
    private static final Duration TIMEOUT = Duration.ofMillis(700);

    /** For the machine, not for the engine. */
    private static final Duration SLACK = Duration.ofSeconds(12);

    private static String deadEndpoint() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "http://127.0.0.1:" + free.getLocalPort();
        }
    }

    private static void assertUnavailable(ThrowingCallable open, Duration timeout, String... named) {
        long begun = System.nanoTime();
        assertThatThrownBy(open)
                .isInstanceOfSatisfying(EtcdUnavailableException.class, e -> {
                    assertThat(e.endpoints()).containsExactly(named);
                    assertThat(e.tried()).isEqualTo(timeout);
                })
                .hasMessageContainingAll("answered within " + timeout.toMillis() + " ms", "check the addresses")
                .hasMessageContainingAll(named);
        assertThat(since(begun)).isLessThan(timeout.plus(SLACK));
    }

    @Test
    void connection_nobodyListens_failsWithinTheConnectTimeout() throws IOException {
        String one = deadEndpoint();
        String two = deadEndpoint();
        assertUnavailable(() -> Connection.to(one, two).connectTimeout(TIMEOUT).open(), TIMEOUT, one, two);
    }

    /** Connections are accepted, and nothing ever comes back. */
    @Test
    void connection_toABlackHole_failsWithinTheConnectTimeout() {
        try (FaultProxy proxy = FaultProxy.to(SharedEtcd.server().endpoints().get(0))) {
            proxy.stopForwarding();
            String endpoint = proxy.endpoint();
            assertUnavailable(
                    () -> Connection.to(endpoint).connectTimeout(TIMEOUT).open(), TIMEOUT, endpoint);
        }
    }

    /** Something listens there, and it is no etcd. */
    @Test
    void connection_toAnotherKindOfServer_failsWithinTheConnectTimeout() throws IOException {
        try (ServerSocket server = new ServerSocket()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            Thread thread = new Thread(() -> answerNonsense(server));
            thread.setDaemon(true);
            thread.start();
            String endpoint = "http://127.0.0.1:" + server.getLocalPort();
            assertUnavailable(
                    () -> Connection.to(endpoint).connectTimeout(TIMEOUT).open(), TIMEOUT, endpoint);
        }
    }

    private static void answerNonsense(ServerSocket server) {
        try {
            while (true) {
                try (var socket = server.accept()) {
                    socket.getOutputStream()
                            .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException e) {
            // Closed at the end of the test.
        }
    }

    /** The default: 5 s. */
    @Test
    void session_connectToADeadEndpoint_failsWithinFiveSeconds() throws IOException {
        String endpoint = deadEndpoint();
        assertUnavailable(() -> Session.connect(endpoint), Duration.ofSeconds(5), endpoint);
    }

    /** One of two is alive: that is enough. */
    @Test
    void connection_oneEndpointDead_usesTheOther() throws IOException {
        String alive = SharedEtcd.server().endpoints().get(0);
        try (Connection connection = Connection.to(deadEndpoint(), alive).open();
                Session session = Session.builder(connection).open()) {
            assertThat(session.leaseId()).isPositive();
        }
    }

    /** The server goes away between the connection and the session. */
    @Test
    void session_onAConnectionThatDied_failsWithinTheConnectTimeout() {
        Duration longer = Duration.ofSeconds(5); // enough to open the connection on a busy machine
        try (FaultProxy proxy = FaultProxy.to(SharedEtcd.server().endpoints().get(0));
                Connection connection =
                        Connection.to(proxy.endpoint()).connectTimeout(longer).open()) {
            proxy.stopForwarding();
            assertUnavailable(() -> Session.builder(connection).open(), longer, proxy.endpoint());
        }
    }
}
