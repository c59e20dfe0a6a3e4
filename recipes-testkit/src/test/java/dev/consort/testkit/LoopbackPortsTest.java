/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LoopbackPortsTest {
    /** Of 12,000 that are drawn at random, some would be drawn twice. */
    private static final int MANY = 500;

    private static InetSocketAddress loopback(int port) throws Exception {
        return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
    }

    @Test
    void reserved_areNotGivenToOthers_thoughNobodyListens() {
        List<LoopbackPorts> all = new ArrayList<>();
        Set<Integer> numbers = new HashSet<>();
        try {
            for (int i = 0; i < MANY; i++) {
                LoopbackPorts one = LoopbackPorts.reserve(1);
                all.add(one);
                numbers.addAll(one.numbers());
            }
            assertThat(numbers).hasSize(MANY).allMatch(port -> port >= 20_000 && port < 32_000);
        } finally {
            all.forEach(LoopbackPorts::close);
        }
    }

    @Test
    void reserved_canBeListenedOn() throws Exception {
        try (LoopbackPorts ports = LoopbackPorts.reserve(3);
                ServerSocket socket = new ServerSocket()) {
            assertThat(ports.numbers()).hasSize(3).doesNotHaveDuplicates();
            socket.bind(loopback(ports.numbers().get(0)));
            assertThat(socket.isBound()).isTrue();
        }
    }

    /** What others have opened is not touched either. */
    @Test
    void givenBack_isReservedForAWhile_andThenFree() throws Exception {
        LoopbackPorts ports = LoopbackPorts.reserve(1);
        InetSocketAddress address = loopback(ports.numbers().get(0));
        ports.close();
        ports.close();
        assertThatExceptionOfType(BindException.class).isThrownBy(() -> new DatagramSocket(address).close());
        // By chance it may be reserved again at the moment, here or by another process.
        assertThat(IntStream.range(0, MANY).anyMatch(i -> {
                    LoopbackPorts.reserve(1).close();
                    return isFree(address);
                }))
                .isTrue();
    }

    private static boolean isFree(InetSocketAddress address) {
        try {
            new DatagramSocket(address).close();
            return true;
        } catch (SocketException e) {
            return false;
        }
    }
}
