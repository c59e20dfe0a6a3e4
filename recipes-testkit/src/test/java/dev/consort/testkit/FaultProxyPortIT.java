/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** The port that a proxy listens on, which it gives back at once. */
@Timeout(30)
@Isolated("a process that another test starts has all sockets of this JVM for a moment, so that ports stay taken")
class FaultProxyPortIT extends ProxiedSockets {
    /** As a process that is just being started has it, by the sockets of the one that starts it. */
    @Test
    void accept_whileTheOldPortIsTakenForAMoment_waitsForIt() throws IOException {
        proxy.refuse();
        ServerSocket other = new ServerSocket();
        other.bind(new InetSocketAddress(
                InetAddress.getLoopbackAddress(), URI.create(proxy.endpoint()).getPort()));
        CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS).execute(() -> {
            try {
                other.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        proxy.accept();
        try (Socket again = connectClient();
                Socket at = accept()) {
            send(again, "hello");
            assertArrives(at, "hello");
        }
    }

    @Test
    void refuse_newConnectionsFail_openOnesGoOn_accept_takesThemAgain() throws IOException {
        proxy.refuse();
        assertThatExceptionOfType(ConnectException.class).isThrownBy(this::connectClient);
        send(client, "still here");
        assertArrives(server, "still here");
        proxy.refuse();

        proxy.accept();

        try (Socket again = connectClient();
                Socket serverAgain = accept()) {
            send(serverAgain, "welcome");
            assertArrives(again, "welcome");
        }
    }

    @Test
    void close_resetsConnectionsAndEndsItsThread() {
        proxy.close();
        assertReset(client);
        assertReset(server);
        assertThatExceptionOfType(ConnectException.class).isThrownBy(this::connectClient);
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("consort-fault-proxy-") && thread.isAlive());
        assertThatIllegalStateException().isThrownBy(proxy::stopForwarding).withMessageContaining("has been closed");
        proxy.close();
    }
}
