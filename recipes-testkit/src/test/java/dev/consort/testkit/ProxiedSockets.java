/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A client and a server with a proxy between them. */
abstract class ProxiedSockets {
    static final int ANSWER_MILLIS = 5_000;

    ServerSocket listening;
    FaultProxy proxy;
    Socket client;
    Socket server;

    @BeforeEach
    void connect() throws IOException {
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        proxy = FaultProxy.to("127.0.0.1:" + listening.getLocalPort());
        client = connectClient();
        server = accept();
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        server.close();
        proxy.close();
        listening.close();
    }

    Socket connectClient() throws IOException {
        Socket socket = new Socket();
        socket.connect(
                new InetSocketAddress(
                        InetAddress.getLoopbackAddress(),
                        URI.create(proxy.endpoint()).getPort()),
                ANSWER_MILLIS);
        socket.setSoTimeout(ANSWER_MILLIS);
        return socket;
    }

    Socket accept() throws IOException {
        listening.setSoTimeout(ANSWER_MILLIS);
        Socket socket = listening.accept();
        socket.setSoTimeout(ANSWER_MILLIS);
        return socket;
    }

    static void send(Socket from, String text) throws IOException {
        from.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    static void assertArrives(Socket at, String text) throws IOException {
        at.setSoTimeout(ANSWER_MILLIS);
        assertThat(new String(at.getInputStream().readNBytes(text.length()), StandardCharsets.US_ASCII))
                .isEqualTo(text);
    }

    static void assertReset(Socket at) {
        assertThatExceptionOfType(SocketException.class)
                .isThrownBy(() -> at.getInputStream().read())
                .withMessageContaining("reset");
    }
}
