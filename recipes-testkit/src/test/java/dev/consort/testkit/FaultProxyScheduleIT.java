/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static dev.consort.testkit.NetworkScheduleTest.fault;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.NetworkFault.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Limited rates, and faults that come by a schedule. */
@Timeout(30)
class FaultProxyScheduleIT {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final int SILENCE_MILLIS = 100;

    private ServerSocket listening;
    private FaultProxy proxy;
    private Socket client;
    private Socket server;

    @BeforeEach
    void connect() throws IOException {
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        listening.setSoTimeout((int) SOON.toMillis());
        proxy = FaultProxy.to("127.0.0.1:" + listening.getLocalPort());
        client = connectClient();
        server = listening.accept();
        server.setSoTimeout((int) SOON.toMillis());
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        server.close();
        proxy.close();
        listening.close();
    }

    private Socket connectClient() throws IOException {
        Socket socket = new Socket();
        int port = URI.create(proxy.endpoint()).getPort();
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) SOON.toMillis());
        socket.setSoTimeout((int) SOON.toMillis());
        return socket;
    }

    private static void assertSilent(Socket at) throws IOException {
        at.setSoTimeout(SILENCE_MILLIS);
        assertThatExceptionOfType(SocketTimeoutException.class)
                .isThrownBy(() -> at.getInputStream().read());
        at.setSoTimeout((int) SOON.toMillis());
    }

    /** The seconds that so many bytes take from one to the other. */
    private static double seconds(Socket from, Socket to, int bytes) throws IOException {
        long start = System.nanoTime();
        from.getOutputStream().write(new byte[bytes]);
        assertThat(to.getInputStream().readNBytes(bytes)).hasSize(bytes);
        return (System.nanoTime() - start) / 1e9;
    }

    /** Never faster, but for the credit of 20 ms; slower only as far as a busy machine makes it so. */
    @Test
    void rate_holds() throws IOException {
        proxy.rate(Direction.TO_SERVER, 100_000);
        assertSilent(server); // time that goes unused is no credit for later
        double slow = seconds(client, server, 50_000);
        assertThat(slow / 0.5).as("time taken / time at that rate").isBetween(0.95, 3.0);

        proxy.rate(Direction.TO_SERVER, 1_000_000);
        double fast = seconds(client, server, 50_000);
        assertThat(fast).isGreaterThan(0.02).isLessThan(slow);

        proxy.rate(Direction.TO_SERVER, 0);
        assertThat(seconds(client, server, 1 << 20)).isLessThan(5.0);
    }

    @Test
    void rate_leavesTheOtherDirectionAlone() throws IOException {
        proxy.rate(Direction.TO_SERVER, 10);
        client.getOutputStream().write(new byte[100]);
        assertThat(seconds(server, client, 100_000)).isLessThan(5.0);
        assertThat(proxy.bytesForwarded(Direction.TO_SERVER)).isLessThan(100);
    }

    /** A byte at a time, which is the slowest there is, and the end of the stream after the last. */
    @Test
    void rate_ofSingleBytes_passesThemAndTheEnd() throws IOException {
        proxy.rate(20);
        long start = System.nanoTime();
        client.getOutputStream().write(new byte[6]);
        client.shutdownOutput();
        assertThat(server.getInputStream().readAllBytes()).hasSize(6);
        assertThat((System.nanoTime() - start) / 1e9).isBetween(0.25, 5.0);
    }

    @Test
    void rate_isSharedByAllConnections() throws IOException {
        proxy.rate(Direction.TO_SERVER, 100_000);
        try (Socket other = connectClient();
                Socket otherServer = listening.accept()) {
            long start = System.nanoTime();
            client.getOutputStream().write(new byte[25_000]);
            other.getOutputStream().write(new byte[25_000]);
            // Were one to be served first, the other's first byte came only with its last.
            assertThat(otherServer.getInputStream().readNBytes(5_000)).hasSize(5_000);
            assertThat(server.getInputStream().readNBytes(5_000)).hasSize(5_000);
            assertThat(proxy.bytesForwarded(Direction.TO_SERVER)).isLessThan(50_000);
            assertThat(otherServer.getInputStream().readNBytes(20_000)).hasSize(20_000);
            assertThat(server.getInputStream().readNBytes(20_000)).hasSize(20_000);
            assertThat((System.nanoTime() - start) / 1e9 / 0.5).isBetween(0.95, 3.0);
        }
    }

    @Test
    void rate_endsWithAResetAndACutAtTheByte() throws IOException {
        proxy.rate(Direction.TO_SERVER, 1_000);
        CompletableFuture<Void> cut = proxy.cutAfter(Direction.TO_SERVER, 30);
        client.getOutputStream().write(new byte[100]);
        assertThat(cut).succeedsWithin(SOON);
        assertThat(server.getInputStream().readAllBytes()).hasSize(30);
        assertThatIllegalArgumentException().isThrownBy(() -> proxy.rate(-1)).withMessageContaining("-1");
    }

    /** In order, each at its time or after it, and all restored in the end. */
    @Test
    void play_strikesAtTheTimes() throws IOException {
        NetworkSchedule schedule = new NetworkSchedule(
                0,
                List.of(
                        fault(0, Kind.STOP, null, 0),
                        fault(0, Kind.DELAY, Direction.TO_CLIENT, 5_000),
                        fault(0, Kind.RATE, null, 1),
                        fault(0, Kind.REFUSE, null, 0),
                        fault(800, Kind.RESTORE, null, 0)));
        long start = System.nanoTime();
        CompletableFuture<Void> played = proxy.play(schedule);
        await().atMost(SOON)
                .untilAsserted(() -> assertThatExceptionOfType(ConnectException.class)
                        .isThrownBy(() -> connectClient().close()));
        client.getOutputStream().write(new byte[100]);
        assertThat(server.getInputStream().readNBytes(100)).hasSize(100);
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(800));
        assertThat(played).succeedsWithin(SOON);
        assertThat(seconds(server, client, 100)).isLessThan(5.0);
        connectClient().close();
    }

    @Test
    void play_cutsAndResets() throws IOException {
        CompletableFuture<Void> played =
                proxy.play(new NetworkSchedule(0, List.of(fault(0, Kind.CUT, Direction.TO_SERVER, 3))));
        assertThat(played).succeedsWithin(SOON);
        client.getOutputStream().write(new byte[10]);
        assertThat(server.getInputStream().readAllBytes()).hasSize(3);
        try (Socket again = connectClient();
                Socket accepted = listening.accept()) {
            assertThat(accepted.isConnected()).isTrue();
            proxy.strike(fault(0, Kind.RESET, Direction.TO_CLIENT, 0));
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> {
                        var unused = again.getInputStream().read();
                    })
                    .withMessageContaining("reset");
        }
    }

    @Test
    void restore_endsTheScheduleAndWhatLasts() throws IOException {
        CompletableFuture<Void> cut = proxy.cutAfter(Direction.TO_SERVER, 1_000);
        CompletableFuture<Void> played = proxy.play(
                new NetworkSchedule(0, List.of(fault(0, Kind.STOP, null, 0), fault(3_600_000, Kind.RESET, null, 0))));
        client.getOutputStream().write(new byte[2_000]);
        assertSilent(server);

        proxy.restore();

        assertThat(server.getInputStream().readNBytes(2_000)).hasSize(2_000);
        await().atMost(SOON).until(() -> played.isCancelled() && cut.isCancelled());
    }

    @Test
    void play_ofAnother_takesItsPlace_andCloseEndsIt() {
        List<NetworkFault> inAnHour = List.of(fault(3_600_000, Kind.RESET, null, 0));
        CompletableFuture<Void> first = proxy.play(new NetworkSchedule(1, inAnHour));
        CompletableFuture<Void> second = proxy.play(new NetworkSchedule(2, inAnHour));
        await().atMost(SOON).until(first::isCancelled);
        assertThat(second).isNotDone();
        proxy.close();
        await().atMost(SOON).until(second::isCancelled);
    }

    /** The same faults one by one, without any clock: what is sent in the end arrives, whatever came before. */
    @Test
    void strike_ofEverySchedule_leavesAWorkingNetwork() throws IOException {
        for (long seed = 0; seed < 30; seed++) {
            NetworkSchedule schedule = NetworkSchedule.of(seed, Duration.ofSeconds(1));
            schedule.faults().forEach(proxy::strike);
            try (Socket again = connectClient()) {
                again.getOutputStream().write(new byte[10_000]);
                boolean arrived = false;
                while (!arrived) {
                    // Connections of earlier rounds may still be waiting to be accepted.
                    try (Socket accepted = listening.accept()) {
                        arrived = accepted.getInputStream().readNBytes(10_000).length == 10_000;
                    }
                }
                assertThat(arrived).as(schedule.toString()).isTrue();
            }
        }
    }
}
