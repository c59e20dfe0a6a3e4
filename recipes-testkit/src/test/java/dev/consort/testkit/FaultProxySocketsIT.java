/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of bytes and connections; see also {@link FaultProxyPortIT}. */
@Timeout(30)
class FaultProxySocketsIT extends ProxiedSockets {
    private static final int SILENCE_MILLIS = 100;

    private static void assertSilent(Socket at) throws SocketException {
        assertSilent(at, SILENCE_MILLIS);
    }

    private static void assertSilent(Socket at, int millis) throws SocketException {
        at.setSoTimeout(millis);
        assertThatExceptionOfType(SocketTimeoutException.class)
                .isThrownBy(() -> at.getInputStream().read());
        at.setSoTimeout(ANSWER_MILLIS);
    }

    @Test
    void withoutFaults_bytesPassBothWaysAndAreCounted() throws IOException {
        send(client, "hello");
        assertArrives(server, "hello");
        send(server, "you");
        assertArrives(client, "you");
        assertThat(proxy.bytesForwarded(Direction.TO_SERVER)).isEqualTo(5);
        // Counted once sent on, so the reader may be a moment ahead of the count.
        await().untilAsserted(() ->
                assertThat(proxy.bytesForwarded(Direction.TO_CLIENT)).isEqualTo(3));
        assertThat(proxy.openConnections()).isEqualTo(1);
        assertThat(proxy.endpoint()).startsWith("http://127.0.0.1:");
    }

    @Test
    void withoutFaults_megabytesArriveInOrder() throws IOException, ExecutionException, InterruptedException {
        byte[] sent = new byte[8 << 20];
        new Random(1).nextBytes(sent);
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                client.getOutputStream().write(sent);
                client.shutdownOutput();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(Arrays.equals(server.getInputStream().readAllBytes(), sent)).isTrue();
        sending.get();
    }

    @Test
    void endOfStream_passesInItsDirectionOnly_andBothEndTheConnection() throws IOException {
        client.shutdownOutput();
        assertThat(server.getInputStream().read()).isEqualTo(-1);
        send(server, "still");
        assertArrives(client, "still");
        server.shutdownOutput();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
        await().until(() -> proxy.openConnections() == 0);
    }

    @Test
    void resetByTheServer_passes() throws IOException {
        server.setSoLinger(true, 0);
        server.close();
        assertReset(client);
    }

    @Test
    void delay_bothDirections_keepsOrderAlsoWhenItEnds() throws IOException {
        long start = System.nanoTime();
        proxy.delay(Duration.ofSeconds(1));
        send(client, "ab");
        // On its way by the end of this: what follows without a delay must not overtake it.
        assertSilent(server);
        proxy.delay(Duration.ZERO);
        send(client, "c");
        assertArrives(server, "abc");
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.SECONDS.toNanos(1));
    }

    @Test
    void delay_oneDirection_leavesTheOtherAlone() throws IOException {
        proxy.delay(Direction.TO_CLIENT, Duration.ofSeconds(1));
        long start = System.nanoTime();
        send(server, "late");
        send(client, "prompt");
        assertArrives(server, "prompt");
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(1));
        assertArrives(client, "late");
        assertThat(System.nanoTime() - start).isBetween(TimeUnit.SECONDS.toNanos(1), TimeUnit.SECONDS.toNanos(5));
    }

    @Test
    void stopForwarding_nothingPassesButConnectionsStayOpen_resumed_everythingArrives() throws IOException {
        proxy.stopForwarding();
        send(client, "one");
        send(server, "two");
        try (Socket late = connectClient()) {
            send(late, "three");
            Socket lateServer = accept();
            assertSilent(server);
            assertSilent(client);
            assertSilent(lateServer);
            assertThat(proxy.bytesForwarded(Direction.TO_SERVER)).isZero();
            assertThat(proxy.openConnections()).isEqualTo(2);

            proxy.resumeForwarding();

            assertArrives(server, "one");
            assertArrives(client, "two");
            assertArrives(lateServer, "three");
            lateServer.close();
        }
    }

    @Test
    void stopForwarding_hidesThatTheOtherSideHasGone() throws IOException {
        proxy.stopForwarding(Direction.TO_CLIENT);
        server.close();
        assertSilent(client);
        proxy.resumeForwarding(Direction.TO_CLIENT);
        assertThat(client.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void stopForwarding_oneDirection_theOtherPasses() throws IOException {
        proxy.stopForwarding(Direction.TO_SERVER);
        send(client, "lost in thought");
        send(server, "hello");
        assertArrives(client, "hello");
        assertSilent(server);
        proxy.resumeForwarding(Direction.TO_CLIENT);
        assertSilent(server);
        proxy.resumeForwarding(Direction.TO_SERVER);
        assertArrives(server, "lost in thought");
    }

    @Test
    void stopForwarding_whatIsUnderWayWithADelay_waitsToo() throws IOException {
        proxy.delay(Duration.ofMillis(500));
        send(client, "late");
        assertSilent(server);
        proxy.stopForwarding();
        assertSilent(server, 800);
        proxy.stopForwarding(); // makes the proxy look at what is due
        assertSilent(server);
        proxy.resumeForwarding();
        assertArrives(server, "late");
    }

    @Test
    void reset_bothSidesSeeIt_newConnectionsPass() throws IOException {
        proxy.reset();
        assertReset(client);
        assertReset(server);
        assertThat(proxy.openConnections()).isZero();
        try (Socket again = connectClient();
                Socket serverAgain = accept()) {
            send(again, "again");
            assertArrives(serverAgain, "again");
        }
    }

    @Test
    void reset_towardsTheClient_theServerHearsNothing() throws IOException {
        proxy.reset(Direction.TO_CLIENT);
        assertReset(client);
        assertSilent(server);
        send(server, "into the void");
        assertSilent(server);
        assertThat(proxy.openConnections()).isZero();
        proxy.reset();
        assertReset(server);
    }

    @Test
    void reset_towardsTheServer_theClientHearsNothing() throws IOException {
        proxy.reset(Direction.TO_SERVER);
        assertReset(server);
        assertSilent(client);
    }

    @Test
    void cutAfter_exactlySoManyBytesArrive()
            throws IOException, ExecutionException, InterruptedException, TimeoutException {
        send(client, "before");
        assertArrives(server, "before");
        CompletableFuture<Void> cut = proxy.cutAfter(Direction.TO_SERVER, 4);
        send(server, "free");
        assertArrives(client, "free");
        send(client, "abc");
        assertArrives(server, "abc");
        assertThat(cut).isNotDone();

        send(client, "defg");

        cut.get(5, TimeUnit.SECONDS);
        assertThat(new String(server.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                .isEqualTo("d");
        assertReset(client);
        assertThat(proxy.bytesForwarded(Direction.TO_SERVER)).isEqualTo(10);
        try (Socket again = connectClient();
                Socket serverAgain = accept()) {
            send(again, "not cut again");
            assertArrives(serverAgain, "not cut again");
        }
    }

    /** While a cut is made the loop looks at its sockets: what it is asked just then must not have to wait for them. */
    @Test
    void callsThatMeetACut_areAnsweredAtOnce() {
        for (int i = 0; i < 5_000; i++) {
            CompletableFuture<Void> cut = proxy.cutAfter(Direction.TO_CLIENT, 0);
            proxy.accept();
            assertThat(cut).succeedsWithin(Duration.ofSeconds(5));
        }
    }

    @Test
    void cutAfter_theReceiverKeepsSilent_itsSocketIsResetInTheEnd() throws IOException {
        assertThat(proxy.cutAfter(Direction.TO_CLIENT, 0)).succeedsWithin(Duration.ofSeconds(5));
        InputStream input = client.getInputStream();
        assertThat(input.read()).isEqualTo(-1);
        await().untilAsserted(() ->
                assertThatExceptionOfType(SocketException.class).isThrownBy(() -> send(client, "anybody there?")));
    }

    @Test
    void serverCannotBeReached_clientIsReset() throws IOException {
        listening.close();
        // It depends on the moment whether connecting fails or what comes after it.
        assertThatExceptionOfType(SocketException.class)
                .isThrownBy(() -> {
                    try (Socket socket = connectClient()) {
                        assertThat(socket.getInputStream().read()).isEqualTo(-2);
                    }
                })
                .withMessageContaining("reset");
        await().until(() -> proxy.openConnections() == 1);
    }

    @Test
    void badArguments_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FaultProxy.to("nowhere"))
                .withMessageContaining("nowhere");
        assertThatIllegalArgumentException().isThrownBy(() -> proxy.delay(Duration.ofMillis(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> proxy.cutAfter(Direction.TO_CLIENT, -1));
    }
}
