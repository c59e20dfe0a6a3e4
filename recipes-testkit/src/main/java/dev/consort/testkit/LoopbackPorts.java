/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Loopback ports below the ranges from which operating systems take the local ports of outgoing connections: a member or a
 * proxy that is away for a while finds its port still free, and no client connects to itself meanwhile.
 *
 * <p>Nor does a server of another test, in this process or another one, take the port then: its clients would write there. So
 * ports are reserved, by a UDP socket of the same number, which nobody else here needs and no process leaves behind; and for a while after
 * they are given back, since a client that was forgotten may still look for its server. Threadsafe.
 */
final class LoopbackPorts implements AutoCloseable {
    private static final int FIRST = 20_000;
    private static final int LAST = 32_000;
    private static final int TRIES = 1_000;

    /** Of this process; the oldest are given back for good. */
    private static final Queue<DatagramSocket> LATELY = new ArrayBlockingQueue<>(128);

    private final Map<Integer, DatagramSocket> reserved = new LinkedHashMap<>();

    private LoopbackPorts() {}

    /** Distinct ports, on which nobody listens at the moment. What is no test of ours may still be quicker: the caller tries again then. */
    static LoopbackPorts reserve(int count) {
        LoopbackPorts ports = new LoopbackPorts();
        for (int tries = 0; tries < TRIES && ports.reserved.size() < count; tries++) {
            ports.tryReserve(ThreadLocalRandom.current().nextInt(FIRST, LAST));
        }
        if (ports.reserved.size() < count) {
            ports.close();
            throw new EtcdProcessException("no " + count + " free ports between " + FIRST + " and " + LAST);
        }
        return ports;
    }

    private void tryReserve(int port) {
        try (ServerSocket listening = new ServerSocket()) {
            DatagramSocket reservation = new DatagramSocket(address(port));
            try {
                listening.bind(address(port));
                reserved.put(port, reservation);
            } catch (IOException e) {
                reservation.close(); // somebody listens there
            }
        } catch (IOException e) {
            // It is reserved.
        }
    }

    private static InetSocketAddress address(int port) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
    }

    /** Their numbers, in no order. */
    List<Integer> numbers() {
        return new ArrayList<>(reserved.keySet());
    }

    /** Gives them back, after a while. Further calls have no effect. */
    @Override
    public void close() {
        reserved.values().forEach(LoopbackPorts::giveBackLater);
    }

    private static void giveBackLater(DatagramSocket reservation) {
        while (!LATELY.contains(reservation) && !reservation.isClosed() && !LATELY.offer(reservation)) {
            DatagramSocket oldest = LATELY.poll();
            if (oldest != null) {
                oldest.close();
            }
        }
    }
}
